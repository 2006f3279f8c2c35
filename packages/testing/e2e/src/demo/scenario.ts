import type { ShopClient } from '../client.ts';
import type { Customer, OrderView } from '../views.ts';

/** Where the demo writes its output. */
export interface DemoReporter {
  section(title: string): void;
  info(text: string): void;
  /** The timeline of an order. */
  timeline(order: OrderView): void;
  /** The result of a check. */
  check(text: string, passed: boolean, detail?: string): void;
}

/** A part of the demo. It throws when the shop does not react as expected. */
export type Scenario = (context: DemoContext) => Promise<void>;

/**
 * Sends a line of another system, that it has registered a user, as such a system does. Resolves with the way that it took, for
 * people.
 */
export type SendRegistration = (line: { user_id: number; email: string; name: string }) => Promise<string>;

export interface DemoContext {
  readonly client: ShopClient;
  readonly reporter: DemoReporter;
  /** Makes the mail addresses of this run unique. */
  readonly run: string;
  readonly sendRegistration: SendRegistration;
  readonly customers: { ada: Customer; grace: Customer };
  /** The dead letters that an interrupted run left open. */
  readonly leftOver: ReadonlySet<string>;
}
