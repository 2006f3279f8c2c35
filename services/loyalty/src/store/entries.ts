import { readNewest } from '@emporium/event-store';
import type { Kysely } from 'kysely';
import type { LedgerEvent } from '../domain/ledger.ts';
import type { Tables } from './tables.ts';

export interface EntryQuery {
  readonly customerId: string;
  /** Only entries before the one with this number. */
  readonly before?: number;
  readonly limit: number;
}

/** Reads a page of a customer's ledger, the newest entry first. `points` is negative where they were taken back. */
export const listEntries = async (db: Kysely<Tables>, { customerId, ...page }: EntryQuery) => {
  const events = await readNewest<LedgerEvent, Tables>(db, customerId, page);
  return events.map(({ version, at, event }) => ({
    number: version,
    at: at.toISOString(),
    orderId: event.orderId,
    kind: event.type,
    points: event.type === 'earned' ? event.points : 0 - event.points,
    balance: event.balance,
  }));
};

/** The points that a customer has now. */
export const readBalance = async (db: Kysely<Tables>, customerId: string): Promise<number> => {
  const [last] = await listEntries(db, { customerId, limit: 1 });
  return last?.balance ?? 0;
};
