import type { Context, Effect } from '@emporium/bus';
import type { Kysely, Transaction } from 'kysely';
import { failpoint } from '../failpoint.ts';
import { classify, isConflict, storeErrors } from './errors.ts';

/** An open transaction of a service's database; what handlers are given as `tx`. */
export type Tx<DB> = Transaction<DB>;

/** What the work of a transaction is given. */
export interface Work<DB> {
  readonly tx: Tx<DB>;
  readonly now: Date;
  /** Of the request or message that it belongs to; a new one where there is none. */
  readonly context: Context;
  /** What should follow; written to the outbox, in this order, right before the commit. */
  readonly effects: Effect[];
}

/** In place, before the caller hears of it. */
const conflictAttempts = 5;

/**
 * Commits when `work` resolves and rolls back when it rejects. A deadlock or a serialization failure runs the whole work
 * again, up to five times. A lost connection rejects with `store.database_away`; whether a commit under way at that moment
 * took place cannot be known, hence the inbox and the idempotency keys.
 */
export const inTransaction = async <DB, Result>(
  db: Kysely<DB>,
  work: (tx: Tx<DB>) => Promise<Result>,
): Promise<Result> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(async (tx) => {
        const result = await work(tx);
        failpoint('transaction.before-commit');
        return result;
      });
    } catch (error) {
      if (!isConflict(error)) throw classify(error);
      if (attempt === conflictAttempts) throw storeErrors.conflict({ cause: error });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
    }
  }
};
