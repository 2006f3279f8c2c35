import { type Context, createGrouper, currentContext, type Effect, newContext } from '@emporium/bus';
import { connectTimeoutMs } from './database/database.ts';
import { storeErrors } from './database/errors.ts';
import type { OutboxTransaction, Work } from './database/transaction.ts';
import { allOrEach } from './handlers/all-or-each.ts';
import { paired } from './handlers/unit-of-work.ts';

/** One of the calls that share a transaction. */
export interface Part<Item> {
  readonly item: Item;
  /** The context of the request that made the call. */
  readonly context: Context;
  /** Effects of this part, in order. */
  readonly effects: Effect[];
}

/**
 * Returns one result per part, in order. Locks rows in an order that does not depend on that of the parts. Called again with
 * the same items when the transaction collides with another, and with each item alone when it fails. The current context is
 * that of any of the calls: use the context of the part.
 */
export type GroupWork<DB, Item, Result> = (
  parts: readonly Part<Item>[],
  group: Pick<Work<DB>, 'tx' | 'now'>,
) => Promise<readonly Result[]>;

/** Most calls that share a transaction. */
const groupSize = 50;

interface Call<Item> {
  readonly item: Item;
  readonly context: Context;
  /** Returns whether the caller still waits. If so, it no longer times out. */
  readonly begin: () => boolean;
}

/** The result of a call whose caller has timed out and got its error already. */
const givenUp: PromiseRejectedResult = { status: 'rejected', reason: storeErrors.database_away() };

/**
 * Calls that arrive while a transaction is in progress share the next one; when that fails, each is tried alone. A call that has
 * waited for its turn as long as others wait for a connection is rejected in the same way, and is never run.
 */
export const createGrouped = <DB, Item, Result>(
  transaction: OutboxTransaction<DB>,
  work: GroupWork<DB, Item, Result>,
): ((item: Item) => Promise<Result>) => {
  const transact = (calls: readonly Call<Item>[]): Promise<readonly Result[]> => {
    const now = new Date();
    const contexts = calls.map(({ context }) => context);
    return transaction(contexts, async (tx) => {
      const parts: readonly Part<Item>[] = calls.map(({ item, context }) => ({ item, context, effects: [] }));
      const result = await work(parts, { tx, now });
      paired(parts, result);
      const entries = parts.flatMap(({ effects, context }) =>
        effects.map((effect) => ({ effect, context, now })),
      );
      return { result, entries };
    });
  };

  const { add } = createGrouper(
    async (calls: readonly Call<Item>[]) => {
      const waiting = calls.filter(({ begin }) => begin());
      const results = waiting.length === 0 ? [] : await allOrEach(waiting, transact);
      const outcomes = new Map(waiting.map((call, index) => [call, results[index]]));
      return calls.map((call) => outcomes.get(call) ?? givenUp);
    },
    { maxItems: groupSize },
  );

  return (item) => {
    const late = Promise.withResolvers<never>();
    let waits = true;
    const timer = setTimeout(() => {
      waits = false;
      late.reject(storeErrors.database_away({ reason: 'the transaction before this one does not end' }));
    }, connectTimeoutMs);
    const begin = () => {
      clearTimeout(timer);
      return waits;
    };
    const context = currentContext() ?? newContext();
    return Promise.race([add({ item, context, begin }), late.promise]);
  };
};
