import type { Kysely } from 'kysely';
import type { Outbox, OutboxEntry } from '../outbox/outbox.ts';
import { inTransaction, type Tx } from './transaction.ts';

/** What a transaction gives, and what should follow from it. */
export interface Outcome<Result> {
  readonly result: Result;
  readonly entries: readonly OutboxEntry[];
}

/** A transaction, with what should follow from it: committed together or not at all. */
export type Atomically<DB> = <Result>(work: (tx: Tx<DB>) => Promise<Outcome<Result>>) => Promise<Result>;

export interface AtomicallyOptions<DB> {
  readonly db: Kysely<DB>;
  readonly outbox: Outbox;
  /** Called after each commit that something follows from. */
  readonly committed: () => void;
}

export const createAtomically =
  <DB>({ db, outbox, committed }: AtomicallyOptions<DB>): Atomically<DB> =>
  async (work) => {
    const { result, entries } = await inTransaction(db, async (tx) => {
      const outcome = await work(tx);
      await outbox.write(tx, outcome.entries); // last: then id order is commit order for what the work has locked
      return outcome;
    });
    if (entries.length > 0) committed();
    return result;
  };
