import type { ProviderFault } from '../../break-it/faults.ts';
import { isActive } from '../../break-it/state.ts';
import { shortId } from '../../orders/order.ts';
import type { Check } from '../check.ts';
import {
  done,
  ledgerOf,
  notDone,
  ordersSince,
  type Reader,
  reading,
  type SeenOrder,
  timelineOf,
} from '../reading.ts';

const carrierRefuses = async ({ read }: Reader): Promise<boolean> => {
  const { faults } = await read<{ readonly faults: readonly ProviderFault[] }>('/simulator/faults');
  return faults.some(
    (fault) =>
      fault.target === 'carrier' &&
      fault.operation === 'ship' &&
      fault.mode === 'refuse' &&
      fault.reference === undefined &&
      isActive(fault),
  );
};

/** What compensates an order whose parcel was refused; the saga begins both at the same time. */
const compensation = ['dispatch failed', 'payment voided', 'stock released', 'cancelled'];

/** The newest order that was paid, refused by the carrier and compensated. */
const compensated = async (reader: Reader): Promise<SeenOrder | undefined> => {
  const cancelled = (await ordersSince(reader, reader.begunAt)).filter(
    ({ status }) => status === 'cancelled',
  );
  for (const order of cancelled) {
    const happened = (await timelineOf(reader, order)).map(({ what }) => what);
    if (compensation.every((each) => happened.includes(each))) return order;
  }
  return undefined;
};

const notCompensated = 'No order was paid and then cancelled because of the carrier yet.';

export const checks: Readonly<Record<string, Check>> = {
  'carrier-refuses': reading(async (reader) =>
    (await carrierRefuses(reader))
      ? done('The carrier refused new parcels.')
      : notDone('The carrier takes parcels.'),
  ),

  'order-compensated': reading(async (reader) => {
    const order = await compensated(reader);
    return order === undefined
      ? notDone(notCompensated)
      : done(`Order ${shortId(order.orderId)} was paid; its payment was voided, its stock released.`);
  }),

  'no-money-moved': reading(async (reader) => {
    const order = await compensated(reader);
    if (order === undefined) return notDone(notCompensated);
    const lines = await ledgerOf(reader, order);
    const isFree = lines.length > 0 && lines.every(({ held, captured }) => held === 0 && captured === 0);
    return isFree
      ? done(`The provider holds nothing for order ${shortId(order.orderId)}, and took nothing.`)
      : notDone('The provider still holds money for the order.');
  }),

  repaired: reading(async (reader) => {
    const order = await compensated(reader);
    if (order === undefined) return notDone(notCompensated);
    if (await carrierRefuses(reader)) return notDone('The carrier still refuses.');
    const later = (await ordersSince(reader, new Date(order.placedAt))).find(
      ({ status }) => status === 'completed',
    );
    return later === undefined
      ? notDone('No order was completed since then.')
      : done(`Order ${shortId(later.orderId)} was completed.`);
  }),
};
