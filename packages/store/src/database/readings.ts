import type { Kysely } from 'kysely';
import { createDatabase, createPool } from './database.ts';

/** Reads what metrics show, also while the service's own connections are all in use: that is when the metrics matter. */
export interface Readings<DB> {
  /** Its one connection runs a query after the other, is opened at the first, and closed soon after the last of a scrape. */
  readonly db: Kysely<DB>;
  close(): Promise<void>;
}

export const createReadings = <DB>(url: string, service: string): Readings<DB> => {
  const pool = createPool({ url, max: 1, idleMs: 1_000, applicationName: `${service} metrics` });
  const db = createDatabase<DB>(pool);
  return { db, close: () => db.destroy() };
};
