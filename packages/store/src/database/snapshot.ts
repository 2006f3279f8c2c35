import type { Kysely } from 'kysely';
import { classify } from './errors.ts';
import type { Tx } from './transaction.ts';

/**
 * For reads that must agree with each other, such as a total and its entries: all of them see the database as it is at the first.
 * They share a connection, so await them one after the other. Nothing can be written.
 */
export const inSnapshot = async <DB, Result>(
  db: Kysely<DB>,
  read: (snapshot: Tx<DB>) => Promise<Result>,
): Promise<Result> => {
  try {
    return await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(read);
  } catch (error) {
    throw classify(error);
  }
};
