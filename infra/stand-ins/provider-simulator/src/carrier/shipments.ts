import { randomInt, randomUUID } from 'node:crypto';
import { openJournal } from '@emporium/service';
import {
  createMemory,
  done,
  fingerprint,
  forgetOldest,
  type Outcome,
  type Remembered,
  refused,
} from '../outcome.ts';
import { type Entry, entry, type Shipment } from './records.ts';

/** The carrier's book. Repeating a call with its key gives the same answer and ships nothing more. */
export interface Shipments {
  ship(key: string, request: { readonly reference: string }, isRefused: boolean): Outcome;
  /** An unknown reference leaves a tombstone: a shipment that comes late is refused. A dispatched one answers 409. */
  cancel(reference: string, isRefused: boolean): Outcome;
  deliver(id: string): Shipment;
  reported(id: string): void;
  list(reference?: string): readonly Shipment[];
  close(): void;
}

export interface ShipmentsOptions {
  readonly file: string | undefined;
  /** Called for each new shipment. */
  readonly onDispatched: (shipment: Shipment) => void;
  readonly now?: () => number;
}

/** The oldest are forgotten beyond this. */
const capacity = 200_000;

export const createShipments = ({ file, onDispatched, now = Date.now }: ShipmentsOptions): Shipments => {
  const shipments = new Map<string, Shipment>();
  const dispatched = new Map<string, string>();
  const cancelled = new Map<string, true>();
  const memory = createMemory(capacity);

  const apply = (change: Entry): void => {
    if (change.type === 'tombstone') {
      cancelled.set(change.reference, true);
      forgetOldest(cancelled, capacity);
      return;
    }
    if (change.answer !== undefined) memory.remember(change.answer);
    if (change.type === 'refusal') return;
    const { shipment } = change;
    shipments.set(shipment.id, shipment);
    dispatched.set(shipment.reference, shipment.id);
    for (const map of [shipments, dispatched]) forgetOldest<unknown>(map, capacity);
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
    if (shipment === undefined) throw new Error(`There is no shipment ${id}`);
    return shipment;
  };

  return {
    ship(key, request, isRefused) {
      const asked = fingerprint('ship', request);
      const answered = memory.recall(key, asked);
      if (answered !== undefined) return answered;
      const refusal = cancelled.has(request.reference)
        ? wasCancelled
        : isRefused
          ? addressNotServed
          : undefined;
      if (refusal !== undefined) {
        record({ type: 'refusal', answer: { key, request: asked, outcome: refusal } });
        return refusal;
      }
      const shipment: Shipment = {
        id: `ship_${randomUUID()}`,
        trackingNumber: `EM${String(randomInt(1e9)).padStart(9, '0')}DE`,
        reference: request.reference,
        status: 'dispatched',
        dispatchedAt: isoNow(),
        eventId: `evt_${randomUUID()}`,
      };
      const { id, trackingNumber, reference, status, dispatchedAt } = shipment;
      const outcome = done(201, { id, trackingNumber, reference, status, dispatchedAt });
      const answer: Remembered = { key, request: asked, outcome };
      record({ type: 'change', shipment, answer });
      onDispatched(shipment);
      return outcome;
    },

    cancel(reference, isRefused) {
      if (isRefused)
        return refused(409, 'cancellation_refused', 'The cancellation was refused; it may be tried again.');
      if (dispatched.has(reference)) return refused(409, 'already_dispatched', 'The shipment is on its way.');
      if (!cancelled.has(reference)) record({ type: 'tombstone', reference });
      return done(200, { reference, status: 'cancelled' });
    },

    deliver(id) {
      const shipment = known(id);
      if (shipment.status === 'delivered') return shipment;
      const delivered: Shipment = { ...shipment, status: 'delivered', deliveredAt: isoNow() };
      record({ type: 'change', shipment: delivered });
      return delivered;
    },

    reported(id) {
      record({ type: 'change', shipment: { ...known(id), reportedAt: isoNow() } });
    },

    list: (reference) => {
      const all = [...shipments.values()];
      return reference === undefined ? all : all.filter((shipment) => shipment.reference === reference);
    },

    close: () => journal.close(),
  };
};

const wasCancelled = refused(
  409,
  'shipment_cancelled',
  'The shipment was cancelled before it was dispatched.',
);
const addressNotServed = refused(422, 'address_not_served', 'The carrier does not serve this address.');
