import { type Context, createGrouper, currentContext, type Effect, newContext } from '@emporium/bus';
import type { Atomically } from './database/atomically.ts';
import { connectTimeoutMs } from './database/database.ts';
import { storeErrors } from './database/errors.ts';
import type { Work } from './database/transaction.ts';
import { allOrEach } from './handlers/all-or-each.ts';
import { paired } from './handlers/unit-of-work.ts';

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
 * anew, with the same items, when the transaction collides with another; with each of them by itself, when it fails. Within it
 * the current context is that of any of the calls: what belongs to a part has the part's own.
 */
export type GroupWork<DB, Item, Result> = (
  parts: readonly Part<Item>[],
  group: Pick<Work<DB>, 'tx' | 'now'>,
) => Promise<readonly Result[]>;

/** Calls that share a transaction, at most. */
const groupSize = 50;

interface Call<Item> {
  readonly item: Item;
  readonly context: Context;
  /** Whether its caller still waits. From now on they wait for what becomes of it, however long that takes. */
  readonly begin: () => boolean;
}

/** Nobody hears of it: the caller was told before. */
const givenUp: PromiseRejectedResult = { status: 'rejected', reason: storeErrors.database_away() };

/**
 * Calls that come while a transaction is under way share the next one; when that fails, each is tried by itself. One that waits
 * for its turn as long as others may wait for a connection is turned away in the same way: nothing is done for it later.
 */
export const createGrouped = <DB, Item, Result>(
  atomically: Atomically<DB>,
  work: GroupWork<DB, Item, Result>,
): ((item: Item) => Promise<Result>) => {
  const transact = (calls: readonly Call<Item>[]): Promise<readonly Result[]> => {
    const now = new Date();
    return atomically(async (tx) => {
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
    { most: groupSize },
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
