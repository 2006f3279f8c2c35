import { shipmentDelivered } from '@emporium/contracts';
import { readStream } from '@emporium/event-store';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderEvent } from '../src/domain/order.ts';
import { orderFormat } from '../src/store/order-format.ts';
import type { OrderTables } from '../src/store/tables.ts';
import { insertOldRows, oldRows } from './support/old-rows.ts';
import { messageOf, type Orders, openOrders } from './support/orders.ts';
import { converse, createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the causes of an order’s events'), () => {
  let orders: Orders;
  const [customerId, administrator] = [uuid(), uuid()];

  beforeAll(async () => {
    orders = await openOrders(postgres.url, { ORDER_STEP_DEADLINE_MS: 400, ORDER_STEP_ATTEMPTS: 1 });
    await orders.list('MUG-1', 1_250);
  });
  afterAll(() => orders.close());

  const place = async (correlationId: string) => {
    const { body } = await orders.ask('POST', '/api/orders', {
      as: customerId,
      payload: { lines: [{ sku: 'MUG-1', quantity: 2 }], paymentToken: 'tok_ok' },
      headers: { 'x-correlation-id': correlationId },
    });
    const orderId: string = body.orderId;
    const total = { amount: 2_500, currency: 'EUR' };
    return { orderId, customerId, lines: [{ sku: 'MUG-1', quantity: 2 }], total, paymentToken: 'tok_ok' };
  };
  const eventsOf = async (orderId: string) => {
    const options = { format: orderFormat };
    const { events } = await readStream<OrderEvent, OrderTables>(orders.store.db, orderId, options);
    return events;
  };
  const actorsOf = async (orderId: string) =>
    (await eventsOf(orderId)).map(({ event: { type }, cause: { actor } }) => [type, actor]);

  const saga = { kind: 'saga', name: 'fulfilment' };
  const timer = { kind: 'timer', name: 'fulfilment' };
  const customer = { kind: 'customer', id: customerId };

  test('are the customer’s request, then the replies to the saga, then the message of shipping', async () => {
    const order = await place('from-the-shop');
    await converse(orders, createAnswering(order));
    const { orderId } = order;
    const delivered = messageOf('shipping', shipmentDelivered, {
      ...{ orderId, customerId, shipmentId: uuid(), trackingNumber: 'T1' },
    });
    await orders.handle(delivered);
    const events = await eventsOf(orderId);
    expect(events.map(({ cause }) => cause.actor)).toEqual([
      customer,
      ...Array(7).fill(saga),
      { kind: 'service', name: 'shipping' },
    ]);
    expect(events.slice(0, -1).every(({ cause }) => cause.correlationId === 'from-the-shop')).toBe(true);
    expect(events[0]?.cause.causationId).toMatch(/^[0-9a-f]{16}$/); // the span of the request
    expect(new Set(events.slice(1, -1).map(({ cause }) => cause.causationId)).size).toBe(5); // one for each reply
    expect(events.at(-1)?.cause.causationId).toBe(delivered.id);
  });

  test('lead from an order to its trace: customers to the correlation id, administrators to the address, too', async () => {
    const { orderId } = await place('to-be-traced');
    const trace = { correlationId: 'to-be-traced', trace: '/api/admin/trace/to-be-traced' };
    const path = `/api/orders/${orderId}`;
    const asAdmin = await orders.ask('GET', path, { as: administrator, role: 'administrator' });
    expect(asAdmin.body).toMatchObject(trace);
    const { body } = await orders.ask('GET', path, { as: customerId });
    expect(body.correlationId).toBe('to-be-traced');
    expect(body.trace).toBeUndefined();
  });

  test('are each order’s own request, although the orders share a transaction', async () => {
    const placed = await Promise.all(Array.from({ length: 20 }, (_, n) => place(`in-a-group-${n}`)));
    for (const [n, { orderId }] of placed.entries()) {
      const [first] = await eventsOf(orderId);
      expect(first?.cause.correlationId).toBe(`in-a-group-${n}`);
    }
    await orders.published();
  });

  test('are the customer for a cancellation, the timer for a deadline, and the administrator for a resumption', async () => {
    const cancelled = await place('cancelling');
    await orders.ask('POST', `/api/orders/${cancelled.orderId}/cancel`, { as: customerId });
    expect((await actorsOf(cancelled.orderId)).at(-1)).toEqual(['cancellation-begun', customer]);
    await orders.published();

    const late = await place('too-late-now');
    const resume = () =>
      orders.ask('POST', `/api/admin/orders/${late.orderId}/resume`, {
        ...{ as: administrator, role: 'administrator' },
      });
    await expect.poll(async () => (await resume()).status, { timeout: 20_000 }).toBe(202);
    expect(await actorsOf(late.orderId)).toEqual([
      ['placed', customer],
      ['step-recorded', timer],
      ['cancellation-begun', timer],
      ['parked', timer],
      ['resumed', { kind: 'administrator', id: administrator }],
    ]);
    const events = await eventsOf(late.orderId);
    const [placed, timedOut] = events.map(({ cause }) => cause);
    expect(timedOut?.causationId).toBe(placed?.causationId); // the request that set the deadline
    expect(timedOut?.correlationId).toBe('too-late-now');
    await orders.published();
  });

  test('are unknown in rows of older releases, which are read all the same', async () => {
    await insertOldRows(orders.store.db);
    const admin = { as: administrator, role: 'administrator' } as const;
    for (const view of Object.values(oldRows.views)) {
      const { status, body } = await orders.ask('GET', `/api/orders/${view.orderId}`, admin);
      const unrefunded = { refunded: { amount: 0, currency: 'EUR' }, refunds: [] };
      expect([status, body]).toEqual([200, { ...view, ...unrefunded }]);
      const [[, first] = [], ...rest] = await actorsOf(view.orderId);
      expect(first).toMatchObject({ kind: 'customer' });
      for (const [, actor] of rest) expect(actor).toEqual({ kind: 'unknown' });
    }
    const { orderId } = oldRows.views.cancelled;
    await orders.handle(
      messageOf('shipping', shipmentDelivered, {
        ...{ orderId, customerId, shipmentId: uuid(), trackingNumber: 'T1' },
      }),
    );
    const events = await eventsOf(orderId);
    expect(events.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
    expect(events.at(-1)?.cause.actor).toEqual({ kind: 'service', name: 'shipping' });
  });
});
