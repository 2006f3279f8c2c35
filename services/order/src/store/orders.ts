import { type Effect, emit, permanent } from '@emporium/bus';
import {
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderParked,
  orderPlaced,
  orderRefunded,
  orderRefundParked,
} from '@emporium/contracts';
import {
  appendEvents,
  fold,
  isRefused,
  readStream,
  readStreams,
  type StoredEvent,
  type Stream,
} from '@emporium/event-store';
import type { Decision } from '@emporium/store';
import type { Kysely } from 'kysely';
import {
  type Order,
  type OrderCommand,
  type OrderEvent,
  type OrderRefusal,
  orderDecider,
} from '../domain/order.ts';
import { unitOfWork } from './handlers.ts';
import type { OrderTables } from './tables.ts';

export type OrderStream = Stream<OrderEvent>;

/** Reads an order from its events; `{ status: 'none' }` when there is none. */
export const readOrder = async (
  db: Kysely<OrderTables>,
  orderId: string,
): Promise<{ order: Order; stream: OrderStream }> => {
  const stream = await readStream<OrderEvent, OrderTables>(db, orderId);
  return { order: orderOf(stream), stream };
};

interface LoadedOrder {
  readonly order: Order;
  /** The version of its stream when it was loaded; 0 for a new order. */
  readonly version: number;
}

/**
 * Loads orders from their event streams; a change is a list of events to append. The public events that follow from them have the
 * ids of the stored events.
 */
export const orders = unitOfWork({
  tables: ['event_stream'],
  idOf: ({ orderId }: { readonly orderId: string }) => orderId,
  initial: { order: orderDecider.initial, version: 0 },
  load: async (tx, orderIds) => {
    const streams = await readStreams<OrderEvent, OrderTables>(tx, orderIds, { lock: true });
    const known = [...streams.values()].filter(({ version }) => version > 0);
    return new Map(known.map((stream) => [stream.id, { order: orderOf(stream), version: stream.version }]));
  },
  evolve: ({ order, version }, events: readonly OrderEvent[]): LoadedOrder => ({
    order: events.reduce(orderDecider.evolve, order),
    version,
  }),
  save: async (tx, changed, now) => {
    const appends = changed.map(({ id, state: { version }, changes }) => ({
      stream: id,
      expectedVersion: version,
      events: changes.flat(),
    }));
    const stored = Map.groupBy(await appendEvents(tx, appends, now), ({ stream }) => stream);
    return changed.map(({ id, state: { order }, changes }) => {
      const events = [...(stored.get(id) ?? [])];
      return changes.map(({ length }) =>
        events.splice(0, length).flatMap((event) => publicEvent(event, order) ?? []),
      );
    });
  },
});

/** Decides on commands one after the other. Throws when one is refused: the saga only sends commands that the order accepts. */
export const decideOrder = (
  orderId: string,
  order: Order,
  commands: readonly OrderCommand[],
): Decision<readonly OrderEvent[]> => {
  const events: OrderEvent[] = [];
  let current = order;
  for (const command of commands) {
    const decided = orderDecider.decide(command, current);
    if (isRefused<OrderEvent, OrderRefusal>(decided)) {
      throw permanent(`order ${orderId}: ${command.type} was refused: ${JSON.stringify(decided.refused)}`);
    }
    events.push(...decided);
    current = decided.reduce(orderDecider.evolve, current);
  }
  return events.length === 0 ? {} : { change: events };
};

const orderOf = ({ events }: OrderStream): Order =>
  fold(
    orderDecider,
    events.map(({ event }) => event),
  );

/** The public event for a stored event, with the same id. */
const publicEvent = (
  { id, stream: orderId, version, at, event }: StoredEvent<OrderEvent>,
  order: Order,
): Effect | undefined => {
  if (order.status === 'none') return undefined;
  const { customerId, total } = order;
  const lines = [...order.lines];
  const options = { id, time: at, sequence: version };
  switch (event.type) {
    case 'placed':
      return emit(orderPlaced, { orderId, customerId, lines, total }, options);
    case 'confirmed':
      return emit(orderConfirmed, { orderId, customerId, lines, total }, options);
    case 'completed':
      return emit(orderCompleted, { orderId, customerId, total }, options);
    case 'cancelled':
      return emit(
        orderCancelled,
        { orderId, customerId, cancellation: event.cancellation, reason: event.reason },
        options,
      );
    case 'parked':
      return emit(orderParked, { orderId, customerId, step: event.step, reason: event.reason }, options);
    case 'refund-parked': {
      const { refundId, step, reason } = event;
      return emit(orderRefundParked, { orderId, customerId, refundId, step, reason }, options);
    }
    case 'refunded': {
      const { type: _, lines: refundedLines, restock: restocked, ...content } = event;
      const refund = { ...content, lines: [...refundedLines], restocked };
      return emit(orderRefunded, { orderId, customerId, total, ...refund }, options);
    }
    default:
      return undefined;
  }
};
