import { causeOf, newContext } from '@emporium/bus';
import { paymentAuthorised, stockReserved } from '@emporium/contracts';
import { appendEvents, createBuild } from '@emporium/event-store';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderEvent } from '../src/domain/order.ts';
import type { OrderTables } from '../src/store/tables.ts';
import { customerOrders } from '../src/views/customer-orders.ts';
import { messageOf, type Orders, openOrders } from './support/orders.ts';
import { converse, createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');
const admin = { as: uuid(), role: 'administrator' } as const;
const patience = { timeout: 20_000 };
const lines = [{ sku: 'MUG-1', quantity: 2 }];
const total = { amount: 2_500, currency: 'EUR' };
const today = () => new Date().toISOString().slice(0, 10);

describe.skipIf(!postgres.available)(postgres.title('the reports for administrators'), () => {
  let orders: Orders;

  beforeAll(async () => {
    orders = await openOrders(postgres.url);
    await orders.list('MUG-1', 1_250);
  });
  afterAll(() => orders.close());

  const report = async (path: string) => {
    const { status, body } = await orders.ask('GET', `/api/admin/reports/${path}`, admin);
    expect(status).toBe(200);
    return body;
  };
  const becomes = (path: string, expected: object) =>
    expect.poll(() => report(path), patience).toMatchObject(expected);
  const place = async () => {
    const customerId = uuid();
    const payload = { lines, paymentToken: 'tok_ok' };
    const { body } = await orders.ask('POST', '/api/orders', { as: customerId, payload });
    return { orderId: String(body.orderId), customerId, lines, total, paymentToken: 'tok_ok' };
  };

  test('show what was ordered, completed and sold, and what is stuck', async () => {
    await becomes('orders', { counts: [] });
    const completed = await place();
    await converse(orders, createAnswering(completed));
    const stuck = await place();
    const { orderId } = stuck;
    await orders.handle(
      messageOf('inventory', stockReserved, { orderId }, { stepId: `${orderId}/reserve/1` }),
    );
    await orders.handle(
      messageOf('payment', paymentAuthorised, { orderId, total }, { stepId: `${orderId}/authorise/1` }),
    );
    await becomes('orders', {
      counts: [
        { status: 'completed', orders: 1, total },
        { status: 'confirmed', orders: 1, total },
      ],
    });
    await becomes('revenue', {
      to: today(),
      days: [{ day: today(), currency: 'EUR', orders: 1, revenue: 2_500, refunded: 0 }],
    });
    await becomes('product-sales', {
      products: [{ sku: 'MUG-1', currency: 'EUR', units: 2, revenue: 2_500 }],
    });
    await becomes('stuck-orders', { orders: [] });
    await becomes('stuck-orders?unchangedForSeconds=0', {
      orders: [{ orderId, status: 'confirmed', total, href: `/api/orders/${orderId}` }],
    });
    const { body } = await orders.ask('GET', `/api/orders/${orderId}`, admin);
    const parked: OrderEvent = { type: 'parked', step: 'dispatch', reason: 'no answer' };
    const cause = causeOf(newContext(), { kind: 'service', name: 'test' });
    const append = {
      ...{ stream: orderId, expectedVersion: body.timeline.length },
      changes: [{ events: [parked], cause }],
    };
    await orders.store.transaction(({ tx, now }) => appendEvents<OrderEvent, OrderTables>(tx, [append], now));
    await becomes('stuck-orders', {
      orders: [{ orderId, status: 'needs-attention', step: 'dispatch', reason: 'no answer' }],
    });
    expect(await report('revenue?from=2020-01-01&to=2020-12-31')).toEqual({
      from: '2020-01-01',
      to: '2020-12-31',
      days: [],
    });
    expect((await report('revenue?currency=JPY')).days).toEqual([]);
    expect((await report('product-sales?sku=LAMP-7')).products).toEqual([]);
  });

  test('list stuck orders in pages', async () => {
    for (let n = 0; n < 5; n += 1) await place();
    await expect
      .poll(async () => (await report('stuck-orders?unchangedForSeconds=0')).orders.length, patience)
      .toBe(6);
    const seen: string[] = [];
    let next: string | undefined = '/api/admin/reports/stuck-orders?unchangedForSeconds=0&limit=4';
    while (next !== undefined) {
      const { body } = await orders.ask('GET', next, admin);
      seen.push(...body.orders.map(({ orderId }: { orderId: string }) => orderId));
      next = body.next;
    }
    expect(seen).toEqual([...new Set(seen)].toSorted());
    expect(seen).toHaveLength(6);
  });

  test('say how far each projection is', async () => {
    await becomes('projections', {
      projections: ['customer-orders', 'operations', 'product-sales'].map((name) => ({
        name,
        version: 1,
        lag: { events: 0, seconds: 0 },
      })),
    });
    expect(await orders.health.readiness()).toMatchObject({
      status: 'ready',
      checks: { 'projection operations': { status: 'ok' } },
    });
  });

  test('a projection is built again on request, with the same result', async () => {
    const path = 'projections/operations/rebuild';
    const before = await report('orders');
    // The second request joins the build of the first, or begins the next.
    for (const _ of [1, 2]) {
      const { status, body } = await orders.ask('POST', `/api/admin/reports/${path}`, admin);
      expect([status, body]).toEqual([202, { name: 'operations', version: 1 }]);
    }
    const operations = async () =>
      (await report('projections')).projections.find(({ name }: { name: string }) => name === 'operations');
    await expect.poll(async () => (await operations()).builtAt, patience).toBeDefined();
    await expect.poll(async () => (await operations()).build, patience).toBeUndefined();
    expect(await report('orders')).toEqual(before);
  });

  test('a build that its process left unfinished goes on by itself', async () => {
    const statusOf = async () =>
      (await report('projections')).projections.find(
        ({ name }: { name: string }) => name === 'customer-orders',
      );
    expect((await statusOf()).builtAt).toBeUndefined();
    await createBuild(orders.store, customerOrders, orders.log).begin();
    await expect.poll(statusOf, patience).toMatchObject({ builtAt: expect.any(String) });
    expect((await statusOf()).build).toBeUndefined();
  });

  test('a projection that does not exist is not built', async () => {
    const { status, body } = await orders.ask('POST', '/api/admin/reports/projections/x/rebuild', admin);
    expect([status, body.errors]).toEqual([
      404,
      [{ field: 'name', message: 'must be one of customer-orders, operations, product-sales' }],
    ]);
    const other = await orders.ask('POST', '/api/admin/reports/projections/operations/rebuild', {
      as: uuid(),
    });
    expect(other.status).toBe(403);
  });

  test.each([
    ['orders?status=placed', 'query.status'],
    ['stuck-orders?unchangedForSeconds=-1', 'query.unchangedForSeconds'],
    ['stuck-orders?unchangedForSeconds=9999999', 'query.unchangedForSeconds'],
    ['stuck-orders?unchangedForSeconds=1.5', 'query.unchangedForSeconds'],
    ['stuck-orders?limit=0', 'query.limit'],
    ['stuck-orders?limit=1001', 'query.limit'],
    ['stuck-orders?after=x', 'query.after'],
    ['revenue?from=yesterday', 'query.from'],
    ['revenue?from=2026-02-30', 'query.from'],
    ['revenue?from=2026-01-01T00:00:00Z', 'query.from'],
    ['revenue?from=0000-01-01', 'query.from'],
    ['revenue?to=0000-01-01', 'query.to'],
    ['revenue?to=20000-01-01', 'query.to'],
    ['revenue?from=2026-02-01&to=2026-01-31', 'query.from'],
    ['revenue?from=2020-01-01&to=2021-01-02', 'query.from'],
    ['revenue?from=9999-01-01', 'query.from'],
    ['revenue?currency=eur', 'query.currency'],
    ['revenue?currency=EUR&currency=JPY', 'query.currency'],
    ['product-sales?limit=ten', 'query.limit'],
    ['product-sales?sku=mug', 'query.sku'],
    ['product-sales?sku=', 'query.sku'],
  ])('GET %s is refused, and names the field', async (path, field) => {
    const { status, body } = await orders.ask('GET', `/api/admin/reports/${path}`, admin);
    expect([status, body.errors?.map((each: { field: string }) => each.field)]).toEqual([400, [field]]);
    expect(body.detail).toContain(field);
  });

  test.each(['orders', 'stuck-orders', 'revenue', 'product-sales', 'projections'])(
    '%s are for administrators only',
    async (name) => {
      expect((await orders.ask('GET', `/api/admin/reports/${name}`)).status).toBe(401);
      expect((await orders.ask('GET', `/api/admin/reports/${name}`, { as: uuid() })).status).toBe(403);
    },
  );
});
