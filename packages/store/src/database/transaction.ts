import type { Context, Effect, Log } from '@emporium/bus';
import type { Kysely, Transaction } from 'kysely';
import { failpoint } from '../failpoint.ts';
import { transactionDuration } from '../metrics.ts';
import type { Outbox, OutboxEntry } from '../outbox/outbox.ts';
import { committed } from './after-commit.ts';
import { classify, isConflict, storeErrors } from './errors.ts';
import { inTransactionSpan, type SpannedDatabase } from './transaction-span.ts';

/** An open transaction of a service's database; handlers receive it as `tx`. */
export type Tx<DB> = Transaction<DB>;

/** What the work of a transaction receives. */
export interface Work<DB> {
  readonly tx: Tx<DB>;
  readonly now: Date;
  /** The context of the request or message being handled; a new one if there is none. */
  readonly context: Context;
  /** Effects to perform after the commit; written to the outbox, in this order, right before it. */
  readonly effects: Effect[];
}

/** How often colliding work is run before the caller gets `store.conflict`. */
const conflictAttempts = 5;

interface TransactionOptions<DB> {
  readonly db: Kysely<DB>;
  readonly log: Log;
  /** Called before work that has collided runs again. */
  readonly onConflict?: () => void;
}

/**
 * Commits when `work` resolves and rolls back when it rejects. A deadlock or a serialization failure runs the whole work
 * again, up to five times. A lost connection rejects with `store.database_away`; whether a commit under way at that moment
 * took place cannot be known, hence the inbox and the idempotency keys.
 */
export const inTransaction = async <DB, Result>(
  { db, log, onConflict }: TransactionOptions<DB>,
  work: (tx: Tx<DB>) => Promise<Result>,
): Promise<Result> => {
  for (let attempt = 1; ; attempt += 1) {
    let began: number | undefined;
    let transaction: Tx<DB> | undefined;
    let result: Result;
    try {
      result = await db.transaction().execute(async (tx) => {
        began = performance.now();
        transaction = tx;
        const outcome = await work(tx);
        failpoint('transaction.before-commit');
        return outcome;
      });
    } catch (error) {
      ended('rollback', began);
      if (!isConflict(error)) throw classify(error);
      if (attempt === conflictAttempts) throw storeErrors.conflict({ cause: error });
      onConflict?.();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
      continue;
    }
    ended('commit', began);
    committed(transaction, log);
    return result;
  }
};

/** Counts a transaction that has begun: where there was no connection it has not. */
const ended = (outcome: 'commit' | 'rollback', began: number | undefined): void => {
  if (began === undefined) return;
  transactionDuration.observe((performance.now() - began) / 1_000, { emporium_outcome: outcome });
};

/** The result of a transaction's work, and the effects to write to the outbox. */
export interface Outcome<Result> {
  readonly result: Result;
  readonly entries: readonly OutboxEntry[];
}

/** Runs work for these requests or messages in a transaction, and commits its outbox entries with it. */
export type OutboxTransaction<DB> = <Result>(
  contexts: readonly Context[],
  work: (tx: Tx<DB>) => Promise<Outcome<Result>>,
) => Promise<Result>;

export interface OutboxTransactionOptions<DB> extends SpannedDatabase {
  readonly db: Kysely<DB>;
  readonly outbox: Outbox;
  readonly log: Log;
  /** Called after each commit that wrote outbox entries, with these. Must not throw. */
  readonly onCommit: (entries: readonly OutboxEntry[]) => void;
}

export const createOutboxTransaction =
  <DB>({ db, outbox, log, onCommit, ...database }: OutboxTransactionOptions<DB>): OutboxTransaction<DB> =>
  async (contexts, work) => {
    const { result, entries, created } = await inTransactionSpan(database, contexts, (span) =>
      inTransaction({ db, log, onConflict: () => span.addEvent('conflict: run again') }, async (tx) => {
        const outcome = await work(tx);
        // Last, so that id order is commit order for the rows that the work has locked.
        return { ...outcome, created: await outbox.write(tx, outcome.entries) };
      }),
    );
    for (const span of created) span.end();
    if (entries.length > 0) onCommit(entries);
    return result;
  };
