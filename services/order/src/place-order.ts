import type { OrderLine } from '@emporium/contracts';
import type { SagaRunner } from '@emporium/saga';
import { problem } from '@emporium/service';
import type { Answer, Work } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { price } from './domain/pricing.ts';
import type { Fulfilment } from './fulfilment.ts';
import { beginOrder } from './store/orders.ts';
import { readPrices } from './store/prices.ts';
import type { OrderTables } from './store/tables.ts';

export interface PlaceOrder {
  readonly customerId: string;
  readonly lines: readonly OrderLine[];
  readonly paymentToken: string;
}

/**
 * Fixes the prices, begins the order's stream and its saga, and answers with its address: all in the caller's transaction,
 * so that the order can be read, and cancelled, as soon as the answer is there. A line that cannot be ordered is a 422.
 */
export const placeOrder = async (
  { tx, now, context, effects }: Work<OrderTables>,
  fulfilment: SagaRunner<Fulfilment, OrderTables>,
  { customerId, lines, paymentToken }: PlaceOrder,
): Promise<Answer> => {
  const skus = lines.map(({ sku }) => sku);
  const pricing = price(lines, await readPrices(tx, skus));
  if (pricing.kind === 'refused') {
    const detail = pricing.errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
    throw problem(422, 'impossible-order', detail, { errors: pricing.errors });
  }
  const orderId = uuid();
  const { total } = pricing;
  const events = await beginOrder(
    tx,
    orderId,
    { type: 'place', customerId, lines: pricing.lines, total },
    now,
  );
  const requests = await fulfilment.begin(
    tx,
    orderId,
    { orderId, customerId, lines, total, paymentToken },
    context,
    now,
  );
  effects.push(...requests, ...events);
  const href = `/api/orders/${orderId}`;
  return { status: 202, headers: { location: href }, body: { orderId, status: 'placed', total, href } };
};
