import { randomInt, randomUUID } from 'node:crypto';
import { openJournal } from '@emporium/service';
import { evictOldest } from '../evict-oldest.ts';
import { createIdempotencyStore, fingerprint } from '../idempotency-store.ts';
import { type Outcome, rejected, succeeded } from '../outcome.ts';
import { type Entry, entry, type Shipment } from './records.ts';

/** The shipments of the carrier. A repeated request with the same idempotency key returns the same outcome and ships nothing. */
export interface Shipments {
  ship(key: string, request: { readonly reference: string }, isRefused: boolean): Outcome;
  /** An unknown reference leaves a tombstone, which rejects a later shipment. A dispatched shipment returns 409. */
  cancel(reference: string, isRefused: boolean): Outcome;
  /** Returns the delivered shipment, also when it was delivered before. */
  deliver(id: string): Shipment;
  markReported(id: string): void;
  list(reference?: string): readonly Shipment[];
  close(): void;
}

export interface ShipmentsOptions {
  readonly file: string | undefined;
  /** Called for each new shipment. */
  readonly onDispatched: (shipment: Shipment) => void;
  readonly now?: () => number;
}

/** The number of shipments. The oldest are evicted. */
const capacity = 200_000;

export const createShipments = ({ file, onDispatched, now = Date.now }: ShipmentsOptions): Shipments => {
  const shipments = new Map<string, Shipment>();
  const dispatched = new Map<string, string>();
  const cancelled = new Map<string, true>();
  const outcomes = createIdempotencyStore(capacity);

  const apply = (change: Entry): void => {
    if (change.type === 'tombstone') {
      cancelled.set(change.reference, true);
      evictOldest(cancelled, capacity);
      return;
    }
    if (change.answer !== undefined) outcomes.save(change.answer);
    if (change.type === 'refusal') return;
    const { shipment } = change;
    shipments.set(shipment.id, shipment);
    dispatched.set(shipment.reference, shipment.id);
    for (const map of [shipments, dispatched]) evictOldest<unknown>(map, capacity);
  };

  const journal = openJournal({
    file: file === undefined ? undefined : `${file}.shipments`,
    parse: entry.parse,
    apply,
  });

  const record = (change: Entry): void => {
    journal.append(change);
    apply(change);
  };

  const isoNow = () => new Date(now()).toISOString();

  const known = (id: string): Shipment => {
    const shipment = shipments.get(id);
    if (shipment === undefined) throw new Error(`no shipment with the id ${id}`);
    return shipment;
  };

  return {
    ship(key, body, isRefused) {
      const { reference } = body;
      const request = fingerprint('ship', body);
      const stored = outcomes.find(key, request);
      if (stored !== undefined) return stored;
      const refusal = cancelled.has(reference) ? wasCancelled : isRefused ? addressNotServed : undefined;
      if (refusal !== undefined) {
        record({ type: 'refusal', answer: { key, request, outcome: refusal } });
        return refusal;
      }
      const view = {
        id: `ship_${randomUUID()}`,
        trackingNumber: `EM${String(randomInt(1e9)).padStart(9, '0')}DE`,
        reference,
        status: 'dispatched',
        dispatchedAt: isoNow(),
      } as const;
      const shipment: Shipment = { ...view, eventId: `evt_${randomUUID()}` };
      const outcome = succeeded(201, view);
      record({ type: 'change', shipment, answer: { key, request, outcome } });
      onDispatched(shipment);
      return outcome;
    },

    cancel(reference, isRefused) {
      if (isRefused)
        return rejected(409, 'cancellation_refused', 'The cancellation was refused; it may be retried.');
      if (dispatched.has(reference))
        return rejected(409, 'already_dispatched', 'The shipment was dispatched already.');
      if (!cancelled.has(reference)) record({ type: 'tombstone', reference });
      return succeeded(200, { reference, status: 'cancelled' });
    },

    deliver(id) {
      const shipment = known(id);
      if (shipment.status === 'delivered') return shipment;
      const delivered: Shipment = { ...shipment, status: 'delivered', deliveredAt: isoNow() };
      record({ type: 'change', shipment: delivered });
      return delivered;
    },

    markReported(id) {
      record({ type: 'change', shipment: { ...known(id), reportedAt: isoNow() } });
    },

    list: (reference) => {
      const all = [...shipments.values()];
      return reference === undefined ? all : all.filter((shipment) => shipment.reference === reference);
    },

    close: () => journal.close(),
  };
};

const wasCancelled = rejected(
  409,
  'shipment_cancelled',
  'The shipment was cancelled before it was dispatched.',
);
const addressNotServed = rejected(422, 'address_not_served', 'The carrier does not serve this address.');
