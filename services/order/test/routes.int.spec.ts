import {
  paymentAuthorised,
  paymentDeclined,
  shipmentFailed,
  stockRejected,
  stockReserved,
} from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { messageOf, type Orders, openOrders } from './support/orders.ts';
import { converse, createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');
const lines = [{ sku: 'MUG-1', quantity: 2 }];
const total = { amount: 2_500, currency: 'EUR' };
const body = { lines, paymentToken: 'tok_ok' };
/** The list is a projection, which transactions of other suites on the same server can delay. */
const patience = { timeout: 20_000 };

describe.skipIf(!postgres.available)(postgres.title('the order routes'), () => {
  let orders: Orders;

  beforeAll(async () => {
    orders = await openOrders(postgres.url);
    await orders.list('MUG-1', 1_250);
  });
  afterEach(async () => {
    await orders.published();
    expect(orders.lines.filter((line) => line.includes('request failed'))).toEqual([]); // what a 500 logs
  });
  afterAll(() => orders.close());

  const place = async (customerId = uuid(), payload: unknown = body) => {
    const answer = await orders.ask('POST', '/api/orders', { as: customerId, payload });
    expect(answer.status).toBe(202);
    const orderId: string = answer.body.orderId;
    return { orderId, customerId, lines, total, paymentToken: 'tok_ok' };
  };
  type Placed = Awaited<ReturnType<typeof place>>;
  const cancel = ({ orderId, customerId }: Placed) =>
    orders.ask('POST', `/api/orders/${orderId}/cancel`, { as: customerId });
  const view = async ({ orderId, customerId }: Placed) =>
    (await orders.ask('GET', `/api/orders/${orderId}`, { as: customerId })).body;
  const reserved = ({ orderId }: Placed) =>
    messageOf('inventory', stockReserved, { orderId }, { stepId: `${orderId}/reserve/1` });
  const rejected = ({ orderId }: Placed) =>
    messageOf(
      'inventory',
      stockRejected,
      { orderId, reason: 'out-of-stock', missing: [] },
      { stepId: `${orderId}/reserve/1` },
    );
  const authorised = ({ orderId }: Placed) =>
    messageOf('payment', paymentAuthorised, { orderId, total }, { stepId: `${orderId}/authorise/1` });
  const declined = ({ orderId }: Placed) =>
    messageOf('payment', paymentDeclined, { orderId, reason: 'no' }, { stepId: `${orderId}/authorise/1` });
  const commandsFor = async (orderId: string) =>
    (await orders.published())
      .filter(({ subject, type }) => subject === orderId && !type.startsWith('order.'))
      .map(({ type }) => type);

  describe('cancelling', () => {
    const end = async (order: Placed) => {
      await converse(orders, createAnswering(order));
      return view(order);
    };

    test('before the reply about the stock', async () => {
      const order = await place();
      expect(await cancel(order)).toMatchObject({
        status: 202,
        body: { orderId: order.orderId, status: 'cancelling' },
      });
      expect(await end(order)).toMatchObject({ status: 'cancelled', cancellation: 'customer-request' });
    });

    test('before the reply about the payment: both steps are compensated', async () => {
      const order = await place();
      await orders.handle(reserved(order));
      expect((await cancel(order)).status).toBe(202);
      expect(await commandsFor(order.orderId)).toEqual([
        'inventory.reserve-stock.v2',
        'payment.authorise.v2',
        'payment.void.v2',
      ]);
      await orders.handle(authorised(order)); // it was on its way
      expect((await view(order)).status).toBe('cancelling');
    });

    test('is too late after the dispatch was requested', async () => {
      const order = await place();
      await orders.handle(reserved(order));
      await orders.handle(authorised(order));
      expect(await cancel(order)).toMatchObject({
        status: 409,
        body: { type: 'urn:emporium:problem:too-late' },
      });
      expect((await view(order)).status).toBe('confirmed');
    });

    test('is too late for a completed order', async () => {
      const order = await place();
      await end(order);
      expect((await cancel(order)).status).toBe(409);
      expect(await commandsFor(order.orderId)).toEqual([]);
    });

    test('a second time changes nothing', async () => {
      const order = await place();
      expect([(await cancel(order)).status, (await cancel(order)).status]).toEqual([202, 202]);
      expect(await commandsFor(order.orderId)).toEqual([
        'inventory.reserve-stock.v2',
        'inventory.release-stock.v2',
      ]);
      await converse(orders, createAnswering(order));
      expect((await cancel(order)).status).toBe(202);
    });

    test('an order that is being cancelled for another reason keeps that reason', async () => {
      const order = await place();
      await orders.handle(reserved(order));
      await orders.handle(declined(order));
      expect(await cancel(order)).toMatchObject({ status: 202, body: { status: 'cancelling' } });
      expect(await end(order)).toMatchObject({ status: 'cancelled', cancellation: 'payment-declined' });
    });

    test('at the moment of a refusal answers that the order is cancelled', async () => {
      for (let round = 0; round < 10; round += 1) {
        const order = await place();
        const [answer] = await Promise.all([cancel(order), orders.handle(rejected(order))]);
        expect(answer.status).toBe(202);
        expect(['cancelling', 'cancelled']).toContain(answer.body.status);
      }
    });

    test('at the moment of the authorisation either cancels the order or is too late', async () => {
      const answers = new Set<number>();
      for (let round = 0; round < 30; round += 1) {
        const order = await place();
        await orders.handle(reserved(order));
        const [{ status }] = await Promise.all(
          round % 2 === 0
            ? [cancel(order), orders.handle(authorised(order))]
            : [Promise.resolve().then(() => cancel(order)), orders.handle(authorised(order))],
        );
        answers.add(status);
        const commands = await commandsFor(order.orderId);
        expect(commands.includes('shipping.dispatch-order.v2')).toBe(status === 409);
        expect(commands.includes('payment.void.v2')).toBe(status === 202);
      }
      expect([...answers].every((status) => status === 202 || status === 409)).toBe(true);
    });

    test('many times at the same time cancels it once', async () => {
      const order = await place();
      const answers = await Promise.all(Array.from({ length: 8 }, () => cancel(order)));
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202));
      expect(await commandsFor(order.orderId)).toEqual([
        'inventory.reserve-stock.v2',
        'inventory.release-stock.v2',
      ]);
    });

    test('an unknown order, or one of another customer, is not found', async () => {
      const order = await place();
      const others = { ...order, customerId: uuid() };
      expect((await cancel(others)).status).toBe(404);
      expect((await cancel({ ...order, orderId: uuid() })).status).toBe(404);
      expect((await view(order)).status).toBe('placed');
    });
  });

  describe('reading', () => {
    test('an order of another customer is not found, except by an administrator', async () => {
      const { orderId } = await place();
      const url = `/api/orders/${orderId}`;
      expect((await orders.ask('GET', url, { as: uuid() })).status).toBe(404);
      expect((await orders.ask('GET', url)).status).toBe(401);
      expect((await orders.ask('GET', url, { as: uuid(), role: 'administrator' })).status).toBe(200);
    });

    test('the list has the customer’s own orders, the newest first, in pages', async () => {
      const customerId = uuid();
      const placed: string[] = [];
      for (let n = 0; n < 5; n += 1) placed.unshift((await place(customerId)).orderId);
      await place();
      const list = async (query = '') =>
        (await orders.ask('GET', `/api/orders${query}`, { as: customerId })).body.orders;
      const ids = async (query = '') => (await list(query)).map(({ orderId }: Placed) => orderId);
      await expect.poll(() => ids(), patience).toEqual(placed);
      expect(await ids('?limit=2')).toEqual(placed.slice(0, 2));
      expect(await ids(`?limit=2&before=${placed[1]}`)).toEqual(placed.slice(2, 4));
      expect(await ids('?status=completed')).toEqual([]);
      expect((await list('?limit=1'))[0]).toMatchObject({
        status: 'placed',
        total,
        href: `/api/orders/${placed[0]}`,
      });
    });

    test('the list shows each change of the status', async () => {
      const order = await place();
      const listed = async () =>
        (await orders.ask('GET', '/api/orders', { as: order.customerId })).body.orders[0]?.status;
      const becomes = (status: string) => expect.poll(listed, patience).toBe(status);
      await becomes('placed');
      await orders.handle(reserved(order));
      await orders.handle(authorised(order));
      await becomes('confirmed');
      await orders.published(); // answered above, but for the dispatch
      const { orderId } = order;
      await orders.handle(
        messageOf('shipping', shipmentFailed, { orderId, reason: 'no' }, { stepId: `${orderId}/dispatch/1` }),
      );
      await becomes('cancelling');
      await converse(orders, createAnswering(order));
      await becomes('cancelled');
    });

    test('administrators filter the orders of all customers by customer and time', async () => {
      const admin = { as: uuid(), role: 'administrator' } as const;
      const { orderId } = await place();
      const path = '/api/admin/orders?limit=1000';
      const idsOf = async (filter: Readonly<Record<string, string>>) => {
        const answer = await orders.ask('GET', `${path}&${new URLSearchParams(filter)}`, admin);
        return answer.body.orders.map((each: { orderId: string }) => each.orderId);
      };
      await expect.poll(() => idsOf({})).toContain(orderId);
      const { body } = await orders.ask('GET', path, admin);
      const { customerId, placedAt } = body.orders.find(
        (each: { orderId: string }) => each.orderId === orderId,
      );
      const next = new Date(new Date(placedAt).getTime() + 1).toISOString();
      expect(await idsOf({ customerId, from: placedAt, until: next })).toContain(orderId);
      expect(await idsOf({ customerId: uuid() })).toEqual([]);
      expect(await idsOf({ customerId, until: placedAt })).not.toContain(orderId);
      expect(await idsOf({ customerId, from: next })).not.toContain(orderId);
      expect((await orders.ask('GET', `${path}&from=yesterday`, admin)).status).toBe(400);
    });

    test('only administrators see the orders of all customers', async () => {
      expect((await orders.ask('GET', '/api/admin/orders', { as: uuid() })).status).toBe(403);
      expect((await orders.ask('GET', '/api/admin/orders')).status).toBe(401);
      const admin = { as: uuid(), role: 'administrator' } as const;
      expect((await orders.ask('GET', '/api/admin/orders?limit=1000', admin)).status).toBe(200);
      expect((await orders.ask('POST', `/api/admin/orders/${uuid()}/resume`, admin)).status).toBe(404);
      const { orderId } = await place();
      expect((await orders.ask('POST', `/api/admin/orders/${orderId}/resume`, admin)).status).toBe(409);
      expect((await orders.ask('POST', `/api/admin/orders/${orderId}/resume`, { as: uuid() })).status).toBe(
        403,
      );
    });
  });
});
