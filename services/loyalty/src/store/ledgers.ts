import type { Cause } from '@emporium/bus';
import { appendEvents, type Change, fold, readStreams } from '@emporium/event-store';
import type { Decision } from '@emporium/store';
import { sql } from 'kysely';
import { type Ledger, type LedgerCommand, type LedgerEvent, ledgerDecider } from '../domain/ledger.ts';
import { unitOfWork } from './handlers.ts';
import type { Tables } from './tables.ts';

interface LoadedLedger {
  readonly ledger: Ledger;
  /** The version of its stream when it was loaded; 0 for a new customer. */
  readonly version: number;
}

interface Subject {
  readonly orderId: string;
  readonly customerId: string;
}

/** The entries of one decision, with their cause. */
type LedgerChange = Change<LedgerEvent>;

/**
 * Loads the ledgers of customers, each from its event stream: the entries of the orders that the messages are about, and the last of
 * all, which has the balance. A change is a list of entries to append.
 */
export const ledgers = unitOfWork({
  tables: ['event_stream'],
  idOf: ({ customerId }: Subject) => customerId,
  initial: { ledger: ledgerDecider.initial, version: 0 },
  load: async (tx, customerIds, subjects) => {
    const orderIds = [...new Set(subjects.map(({ orderId }) => orderId))];
    const streams = await readStreams<LedgerEvent, Tables>(tx, customerIds, {
      lock: true,
      where: sql`data ->> 'orderId' = any(${orderIds}::text[])`,
    });
    const known = [...streams.values()].filter(({ version }) => version > 0);
    return new Map(
      known.map(({ id, version, events }) => {
        const entries = events.map(({ event }) => event);
        return [id, { ledger: fold(ledgerDecider, entries), version }];
      }),
    );
  },
  evolve: ({ ledger, version }, { events }: LedgerChange): LoadedLedger => ({
    ledger: events.reduce(ledgerDecider.evolve, ledger),
    version,
  }),
  save: async (tx, changed, now) => {
    const appends = changed.map(({ id, state: { version }, changes }) => ({
      stream: id,
      expectedVersion: version,
      changes,
    }));
    await appendEvents(tx, appends, now);
    return undefined;
  },
});

export const decideLedger = (
  command: LedgerCommand,
  ledger: Ledger,
  cause: Cause,
): Decision<LedgerChange> => {
  const events = ledgerDecider.decide(command, ledger);
  return events.length === 0 ? {} : { change: { events, cause } };
};
