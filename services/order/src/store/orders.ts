import { type Effect, emit, permanent } from '@emporium/bus';
import {
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderParked,
  orderPlaced,
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
import type { Tx } from '@emporium/store';
import type { Kysely } from 'kysely';
import {
  type Order,
  type OrderCommand,
  type OrderEvent,
  type OrderRefusal,
  orderDecider,
} from '../domain/order.ts';
import type { OrderTables } from './tables.ts';

/** One order's commands, in their order. */
export interface OrderWork {
  readonly orderId: string;
  readonly commands: readonly OrderCommand[];
}

export type OrderStream = Stream<OrderEvent>;

/** The order as its events say; `{ status: 'none' }` where there is none. */
export const readOrder = async (
  db: Kysely<OrderTables>,
  orderId: string,
): Promise<{ order: Order; stream: OrderStream }> => {
  const stream = await readStream<OrderEvent, OrderTables>(db, orderId);
  return { order: orderOf(stream), stream };
};

/** Starts the streams of orders. Their ids are new, so that there is nothing to lock or to read. */
export const beginOrders = (
  tx: Tx<OrderTables>,
  works: readonly OrderWork[],
  now: Date,
): Promise<readonly (readonly Effect[])[]> => append(tx, works, new Map(), now);

/**
 * Decides each order's commands on its locked stream, appends what follows, and gives the public events of each, with the
 * stored events' ids. Works on all orders with three statements. A refusal here is a fault of ours, and is thrown.
 */
export const decideOrders = async (
  tx: Tx<OrderTables>,
  works: readonly OrderWork[],
  now: Date,
): Promise<readonly (readonly Effect[])[]> => {
  const ids = works.filter(({ commands }) => commands.length > 0).map(({ orderId }) => orderId);
  if (ids.length === 0) return works.map(() => []);
  const streams = await readStreams<OrderEvent, OrderTables>(tx, ids, { lock: true });
  return append(tx, works, streams, now);
};

const append = async (
  tx: Tx<OrderTables>,
  works: readonly OrderWork[],
  streams: ReadonlyMap<string, OrderStream>,
  now: Date,
): Promise<readonly (readonly Effect[])[]> => {
  const orders = new Map([...streams].map(([id, stream]) => [id, orderOf(stream)]));
  const appended = new Map<string, OrderEvent[]>();
  const shares = works.map(({ orderId, commands }) => {
    const events = appended.get(orderId) ?? [];
    const from = events.length;
    for (const command of commands) {
      const order = orders.get(orderId) ?? orderDecider.initial;
      const decision = orderDecider.decide(command, order);
      if (isRefused<OrderEvent, OrderRefusal>(decision)) {
        throw permanent(`order ${orderId}: ${command.type} was refused: ${decision.refused}`);
      }
      events.push(...decision);
      orders.set(orderId, decision.reduce(orderDecider.evolve, order));
    }
    appended.set(orderId, events);
    return { orderId, from, to: events.length };
  });
  const stored = await appendEvents(
    tx,
    [...appended].map(([stream, events]) => ({
      stream,
      expectedVersion: streams.get(stream)?.version ?? 0,
      events,
    })),
    now,
  );
  const byOrder = Map.groupBy(stored, ({ stream }) => stream);
  return shares.map(({ orderId, from, to }) => {
    const order = orders.get(orderId) ?? orderDecider.initial;
    return (byOrder.get(orderId) ?? []).slice(from, to).flatMap((event) => publicEvent(event, order) ?? []);
  });
};

const orderOf = ({ events }: OrderStream): Order =>
  fold(
    orderDecider,
    events.map(({ event }) => event),
  );

/** What the others hear of a stored event, under its id. */
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
    default:
      return undefined;
  }
};
