import { type OrderEvent, shortId } from '../../orders/order.ts';
import type { Check } from '../check.ts';
import { atAnOrderSince, stepDone } from '../history.ts';
import { done, firstAction, notDone, ordersSince, type Reader, reading } from '../reading.ts';

const parcels = 'shipping.commands';
const replies = 'order.replies';

export const checks: Readonly<Record<string, Check>> = {
  'parcels-wait': reading(async (reader) =>
    (await parcelsPaused(reader)) === undefined ? notDone(notPaused) : done(`${parcels} was paused.`),
  ),

  'order-waits': reading(async (reader) => {
    const held = await heldOrder(reader);
    if (typeof held === 'string') return notDone(held);
    return done(`Order ${shortId(held.orderId)} was paid for, and its parcel waited on the broker.`);
  }),

  'replies-wait': reading(async (reader) => {
    const held = await heldOrder(reader);
    if (typeof held === 'string') return notDone(held);
    const since = new Date(held.at);
    const paused = await firstAction(reader, 'subscription.pause', { target: replies, since });
    if (paused === undefined) return notDone(`${replies} has not been paused since then.`);
    const order = { target: parcels, since: paused };
    const resumed = await firstAction(reader, 'subscription.resume', order);
    return resumed === undefined
      ? notDone(`${replies} was paused. Now resume ${parcels}.`)
      : done(`${replies} was paused, and then ${parcels} resumed.`);
  }),

  'delivered-first': reading(async (reader) => {
    const found = await deliveredFirst(reader);
    if (found === undefined) return notDone(await whyNotDelivered(reader));
    const { orderId, delivered, dispatched } = found;
    const when = dispatched === undefined ? 'Nothing says yet' : `Only version ${dispatched.version} says`;
    return done(
      `Order ${shortId(orderId)} was delivered by version ${delivered.version}. ${when} that it was sent.`,
    );
  }),

  'all-arrived': reading(async (reader) => {
    const found = await deliveredFirst(reader);
    if (found === undefined) return notDone(await whyNotDelivered(reader));
    const { orderId, delivered, dispatched, completed } = found;
    const name = `Order ${shortId(orderId)}`;
    if (dispatched === undefined) return notDone(`${name} still waits for the reply about its parcel.`);
    if (completed === undefined) return notDone(`${name} is not completed yet.`);
    return done(
      `${name} was delivered by version ${delivered.version}, sent by version ${dispatched.version}, and completed by version ${completed.version}.`,
    );
  }),
};

const notPaused = `${parcels} has not been paused yet.`;

const parcelsPaused = (reader: Reader): Promise<Date | undefined> =>
  firstAction(reader, 'subscription.pause', { target: parcels, since: reader.begunAt });

interface HeldOrder {
  readonly orderId: string;
  /** When its payment was authorised. */
  readonly at: string;
}

/** The order that was placed while the parcels waited and got as far as it can; or why there is none. */
const heldOrder = async (reader: Reader): Promise<HeldOrder | string> => {
  const paused = await parcelsPaused(reader);
  if (paused === undefined) return notPaused;
  const held = await atAnOrderSince(reader, paused, ({ orderId }, events) => {
    const authorised = stepDone(events, 'authorise');
    return authorised && { orderId, at: authorised.at };
  });
  return held ?? `No order has been placed and paid for since ${parcels} was paused.`;
};

interface DeliveredFirst {
  readonly orderId: string;
  readonly delivered: OrderEvent;
  readonly dispatched: OrderEvent | undefined;
  readonly completed: OrderEvent | undefined;
}

/** An order whose delivery was recorded while its dispatch was not. */
const deliveredFirst = (reader: Reader): Promise<DeliveredFirst | undefined> =>
  atAnOrderSince(reader, reader.begunAt, ({ orderId }, events) => {
    const delivered = events.find(({ type }) => type === 'delivered');
    const dispatched = stepDone(events, 'dispatch');
    if (delivered === undefined) return undefined;
    if (dispatched !== undefined && dispatched.version < delivered.version) return undefined;
    return { orderId, delivered, dispatched, completed: events.find(({ type }) => type === 'completed') };
  });

const whyNotDelivered = async (reader: Reader): Promise<string> => {
  const [newest] = await ordersSince(reader, reader.begunAt);
  return newest?.status === 'cancelled'
    ? `Order ${shortId(newest.orderId)} was cancelled: its minute was over. Resume both subscriptions, and try it with a new order.`
    : 'No order has its delivery before its dispatch yet.';
};
