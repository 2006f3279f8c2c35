import { type Order, shortId } from '../../orders/order.ts';
import type { Projection } from '../../projections/projection.ts';
import type { Check } from '../check.ts';
import { done, notDone, ordersSince, type Reader, reading } from '../reading.ts';

const name = 'customer-orders';

export const checks: Readonly<Record<string, Check>> = {
  'order-listed': reading(async (reader) => {
    const [newest] = await ordersSince(reader, reader.begunAt);
    return newest === undefined
      ? notDone('No order has been placed yet.')
      : done(`Order ${shortId(newest.orderId)} is in the list, as ${newest.status}.`);
  }),

  rebuilt: reading(async (reader) => {
    const { build, builtAt } = await listOfOrders(reader);
    if (builtAt !== undefined) return done(`${name}, built again, has replaced the one before.`);
    return notDone(
      build === undefined
        ? notRebuilt
        : `The new ${name} has ${build.events} of ${build.events + build.lag.events} events.`,
    );
  }),

  'nothing-lost': reading(async (reader) => {
    const { builtAt } = await listOfOrders(reader);
    if (builtAt === undefined) return notDone(notRebuilt);
    const orders = await ordersSince(reader, reader.begunAt);
    const listed = orders.find(({ placedAt }) => new Date(placedAt) < builtAt);
    if (listed === undefined)
      return notDone('The list has no order of this lesson that is older than the list.');
    const { status } = await reader.read<Order>(`/api/orders/${listed.orderId}`);
    const seen = `Order ${shortId(listed.orderId)} is ${status} by its events, and ${listed.status} in the list.`;
    return status === listed.status ? done(seen) : notDone(seen);
  }),

  'list-follows': reading(async (reader) => {
    const { builtAt, behind } = await listOfOrders(reader);
    if (builtAt === undefined) return notDone(notRebuilt);
    const [newer] = await ordersSince(reader, builtAt);
    if (newer === undefined) return notDone('No order has been placed since the list was built.');
    return behind > 0
      ? notDone(`The list is ${behind} events behind.`)
      : done(`Order ${shortId(newer.orderId)} is in the list, and younger than the list.`);
  }),
};

const notRebuilt = `The read model ${name} has not been built again yet.`;

/** The read model of orders; `builtAt` if it was built since the lesson was begun. */
const listOfOrders = async ({ read, begunAt }: Reader) => {
  const path = '/api/admin/reports/projections';
  const { projections } = await read<{ readonly projections: readonly Projection[] }>(path);
  const found = projections.find((each) => each.name === name);
  const builtAt = found?.builtAt === undefined ? undefined : new Date(found.builtAt);
  return {
    build: found?.build,
    behind: found?.lag.events ?? 0,
    builtAt: builtAt !== undefined && builtAt >= begunAt ? builtAt : undefined,
  };
};
