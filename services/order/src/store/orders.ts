import { type Cause, type EmitEffect, emit, permanent } from '@emporium/bus';
import {
  numbered,
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
  type Change,
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
import { orderFormat } from './order-format.ts';
import type { OrderTables } from './tables.ts';

export type OrderStream = Stream<OrderEvent>;

/** Reads an order from its events; `{ status: 'none' }` when there is none. */
export const readOrder = async (
  db: Kysely<OrderTables>,
  orderId: string,
): Promise<{ order: Order; stream: OrderStream }> => {
  const stream = await readStream<OrderEvent, OrderTables>(db, orderId, { format: orderFormat });
  return { order: orderOf(stream), stream };
};

/** The events of one decision, with their cause. */
type OrderChange = Change<OrderEvent>;

/** Whose order it is; undefined when there is none. */
export const readOwner = async (db: Kysely<OrderTables>, orderId: string): Promise<string | undefined> => {
  const [first] = await readHistory(db, orderId, { limit: 1 });
  return first?.event.type === 'placed' ? first.event.customerId : undefined;
};

/** Reads a page of an order's events, the oldest first. */
export const readHistory = async (
  db: Kysely<OrderTables>,
  orderId: string,
  page: { readonly after?: number; readonly limit: number },
): Promise<OrderStream['events']> => {
  const options = { ...page, format: orderFormat };
  return (await readStream<OrderEvent, OrderTables>(db, orderId, options)).events;
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
    const streams = await readStreams<OrderEvent, OrderTables>(tx, orderIds, {
      ...{ lock: true, format: orderFormat },
    });
    const known = [...streams.values()].filter(({ version }) => version > 0);
    return new Map(known.map((stream) => [stream.id, { order: orderOf(stream), version: stream.version }]));
  },
  evolve: ({ order, version }, { events }: OrderChange): LoadedOrder => ({
    order: events.reduce(orderDecider.evolve, order),
    version,
  }),
  save: async (tx, changed, now) => {
    const appends = changed.map(({ id, state: { version }, changes }) => ({
      stream: id,
      expectedVersion: version,
      changes,
    }));
    const appended = await appendEvents<OrderEvent, OrderTables>(tx, appends, now, orderFormat);
    const stored = Map.groupBy(appended, ({ stream }) => stream);
    return changed.map(({ id, state: { order }, changes }) => {
      const events = [...(stored.get(id) ?? [])];
      return changes.map(({ events: { length } }) =>
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
  cause: Cause,
): Decision<OrderChange> => {
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
  return events.length === 0 ? {} : { change: { events, cause } };
};

/** The order that these events lead to. */
export const orderOf = ({ events }: OrderStream): Order =>
  fold(
    orderDecider,
    events.map(({ event }) => event),
  );

/** The public events of an order, as they were published when they happened. */
export const publicEvents = ({ events }: OrderStream): readonly EmitEffect[] => {
  let order: Order = orderDecider.initial;
  return events.flatMap((stored) => {
    order = orderDecider.evolve(order, stored.event);
    return publicEvent(stored, order) ?? [];
  });
};

/** The public event for a stored event, with the same id. */
const publicEvent = (
  { id, stream: orderId, version, at, event }: StoredEvent<OrderEvent>,
  order: Order,
): EmitEffect | undefined => {
  if (order.status === 'none') return undefined;
  const { customerId, total } = order;
  const lines = [...order.lines];
  const options = { id, time: at, sequence: version };
  switch (event.type) {
    case 'placed':
      return emit(orderPlaced, { orderId, customerId, lines: numbered(lines), grossTotal: total }, options);
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
