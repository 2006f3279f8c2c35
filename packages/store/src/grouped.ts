import {
  type Context,
  createGrouper,
  currentContext,
  type Effect,
  newContext,
  permanent,
} from '@emporium/bus';
import type { Kysely } from 'kysely';
import type { Outbox } from './outbox.ts';
import { together } from './together.ts';
import { inTransaction, type Work } from './transaction.ts';

/** One of the calls that share a transaction. */
export interface Part<Item> {
  readonly item: Item;
  /** Of the request that it belongs to. */
  readonly context: Context;
  /** What should follow from this one, in this order. */
  readonly effects: Effect[];
}

/**
 * Gives what became of each part, in their order. Locks rows in an order that does not depend on that of the parts. Called
 * anew, with the same items, when the transaction collides with another; with each of them by itself, when it fails.
 */
export type GroupWork<DB, Item, Result> = (
  parts: readonly Part<Item>[],
  group: Pick<Work<DB>, 'tx' | 'now'>,
) => Promise<readonly Result[]>;

export interface GroupedOptions<DB> {
  readonly db: Kysely<DB>;
  readonly outbox: Outbox;
  /** Called after each commit that wrote effects. */
  readonly committed: () => void;
}

/** Calls that share a transaction, at most. */
const groupSize = 50;

/** Calls that come while a transaction is under way share the next one; when that fails, each is tried by itself. */
export const createGrouped = <DB, Item, Result>(
  { db, outbox, committed }: GroupedOptions<DB>,
  work: GroupWork<DB, Item, Result>,
): ((item: Item) => Promise<Result>) => {
  const transact = async (calls: readonly Omit<Part<Item>, 'effects'>[]): Promise<readonly Result[]> => {
    const now = new Date();
    const { results, wrote } = await inTransaction(db, async (tx) => {
      const parts: readonly Part<Item>[] = calls.map((call) => ({ ...call, effects: [] }));
      const answers = await work(parts, { tx, now });
      if (answers.length !== parts.length) {
        throw permanent(`a group of ${parts.length} calls was answered for ${answers.length}`);
      }
      const entries = parts.flatMap(({ effects, context }) =>
        effects.map((effect) => ({ effect, context, now })),
      );
      await outbox.write(tx, entries);
      return { results: answers, wrote: entries.length > 0 };
    });
    if (wrote) committed();
    return results;
  };

  const { add } = createGrouper(
    (calls: readonly Omit<Part<Item>, 'effects'>[]) => together(calls, transact),
    { most: groupSize },
  );
  return (item) => add({ item, context: currentContext() ?? newContext() });
};
