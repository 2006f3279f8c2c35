import type { Customer, OrderView, ShopClient } from './client.ts';

/** Where the story is told. */
export interface Teller {
  chapter(title: string): void;
  /** Something happens. */
  say(text: string): void;
  /** An order as its timeline stands. */
  timeline(order: OrderView): void;
  /** Something was checked. */
  check(text: string, holds: boolean, detail?: string): void;
}

/** A part of the story; it throws when the shop does not do what it must. */
export type Chapter = (context: StoryContext) => Promise<void>;

export interface StoryContext {
  readonly client: ShopClient;
  readonly teller: Teller;
  /** Makes addresses unlike those of an earlier telling on the same data. */
  readonly run: string;
  readonly customers: { ada: Customer; grace: Customer };
  /** Dead letters that an earlier telling, which was ended in its midst, left open. */
  readonly leftOver: ReadonlySet<string>;
}
