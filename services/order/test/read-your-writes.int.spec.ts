import { formatVersion, parseVersion } from '@emporium/event-store';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Orders, openOrders } from './support/orders.ts';
import { converse, createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');
const lines = [{ sku: 'MUG-1', quantity: 2 }];
const total = { amount: 2_500, currency: 'EUR' };
const body = { lines, paymentToken: 'tok_ok' };
const admin = { as: uuid(), role: 'administrator' } as const;

describe.skipIf(!postgres.available)(postgres.title('a read after a write'), () => {
  let orders: Orders;

  beforeAll(async () => {
    orders = await openOrders(postgres.url, { ORDER_READ_WAIT_MS: 5_000 });
    await orders.list('MUG-1', 1_250);
  });
  afterAll(() => orders.close());

  const place = (as: string, headers = {}) =>
    orders.ask('POST', '/api/orders', { as, payload: body, headers });
  const list = (as: string, version: unknown) => orders.ask('GET', `/api/orders?atLeast=${version}`, { as });
  const versionOf = ({ headers }: { readonly headers: object }) =>
    String('emporium-version' in headers ? headers['emporium-version'] : 'none');

  test('includes the placed order, the cancellation and the resumption that it names', async () => {
    for (let n = 0; n < 20; n += 1) {
      const customerId = uuid();
      const placed = await place(customerId);
      const read = await list(customerId, versionOf(placed));
      expect(read.body.orders).toMatchObject([{ orderId: placed.body.orderId, status: 'placed' }]);
      const cancelled = await orders.ask('POST', `${placed.body.href}/cancel`, { as: customerId });
      const after = await list(customerId, versionOf(cancelled));
      expect(after.body.orders).toMatchObject([{ orderId: placed.body.orderId, status: 'cancelling' }]);
      const all = await orders.ask('GET', `/api/admin/orders?atLeast=${versionOf(cancelled)}&limit=1`, admin);
      expect(all.body.orders).toMatchObject([{ orderId: placed.body.orderId, status: 'cancelling' }]);
      expect(all.body.next).toSatisfy((next) => next === undefined || next.includes('atLeast='));
    }
  });

  test('of many at the same time costs each its own order, and little more', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const customerId = uuid();
        const placed = await place(customerId);
        const read = await list(customerId, versionOf(placed));
        return [placed.body.orderId, read.body.orders[0]?.orderId];
      }),
    );
    for (const [placed, read] of answers) expect(read).toBe(placed);
  });

  test('a repeated request answers with the version of the first', async () => {
    const customerId = uuid();
    const headers = { 'idempotency-key': 'again' };
    const first = versionOf(await place(customerId, headers));
    expect(parseVersion(first)).toBeDefined();
    expect(versionOf(await place(customerId, headers))).toBe(first);
    expect((await list(customerId, first)).body.orders).toHaveLength(1);
  });

  test('a cancellation that changes nothing answers with a version, too', async () => {
    const customerId = uuid();
    const placed = await place(customerId);
    const cancel = () => orders.ask('POST', `${placed.body.href}/cancel`, { as: customerId });
    expect(versionOf(await cancel())).toBe(versionOf(await cancel()));
  });

  test('sees the orders that completed before it in the reports', async () => {
    await orders.published(); // commands of other orders
    const customerId = uuid();
    const { body: placed } = await place(customerId);
    const order = { orderId: placed.orderId, customerId, lines, total, paymentToken: 'tok_ok' };
    await converse(orders, createAnswering(order));
    const last = await place(customerId);
    const sales = await orders.ask(
      'GET',
      `/api/admin/reports/product-sales?sku=MUG-1&atLeast=${versionOf(last)}`,
      admin,
    );
    expect(sales.body.products).toEqual([{ sku: 'MUG-1', currency: 'EUR', units: 2, revenue: 2_500 }]);
    const refund = await orders.ask('POST', `/api/admin/orders/${placed.orderId}/refunds`, {
      ...admin,
      payload: { amount: { amount: 100, currency: 'EUR' }, reason: 'a scratch' },
    });
    expect([refund.status, parseVersion(versionOf(refund)) !== undefined]).toEqual([202, true]);
  });

  const someVersion = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  test.each([
    ['no text', ''],
    ['a number', '17'],
    ['a version with a typing mistake', someVersion],
    ['too long', 'A'.repeat(101)],
    ['two versions', `${someVersion}&atLeast=${someVersion}`],
    ['hostile', '%27%3B--'],
  ])('is refused with a version that is %s', async (_, version) => {
    for (const [url, options] of [
      ['/api/orders', { as: uuid() }],
      ['/api/admin/orders', admin],
      ['/api/admin/reports/orders', admin],
      ['/api/admin/reports/revenue', admin],
      ['/api/admin/reports/stuck-orders', admin],
      ['/api/admin/reports/product-sales', admin],
    ] as const) {
      const answer = await orders.ask('GET', `${url}?atLeast=${version}`, options);
      expect([url, answer.status, answer.body.errors?.[0]?.field]).toEqual([url, 400, 'query.atLeast']);
    }
  });

  test('is refused with a version that the shop has not reached', async () => {
    const future = formatVersion({ transaction: '123456789012345', position: 1 });
    const answer = await list(uuid(), future);
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [
        {
          field: 'query.atLeast',
          message: 'must be a version that this shop has reached',
        },
      ],
    ]);
  });
});

describe.skipIf(!postgres.available)(postgres.title('a read of a view that is behind'), () => {
  test('answers 503 after a bounded wait, says how far behind the view is, and is cheap', async () => {
    const orders = await openOrders(postgres.url, { ORDER_READ_WAIT_MS: 700 });
    await orders.list('MUG-1', 1_250);
    const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const long = orders
      .createInstance()
      .store.db.transaction()
      .execute(async (tx) => {
        await sql`select pg_current_xact_id()`.execute(tx); // nothing younger can be read
        begun.resolve();
        await done.promise;
      });
    try {
      await begun.promise;
      const as = uuid();
      const placed = await orders.ask('POST', '/api/orders', { as, payload: body });
      const version = placed.headers['emporium-version'];
      const began = Date.now();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => orders.ask('GET', `/api/orders?atLeast=${version}`, { as })),
      );
      expect(Date.now() - began).toBeLessThan(3_000);
      for (const answer of answers)
        expect(answer).toMatchObject({
          status: 503,
          headers: { 'retry-after': '1' },
          body: {
            type: 'urn:emporium:problem:view-behind',
            projection: 'customer-orders',
            behind: { events: 1 },
          },
        });
      expect(answers[0]?.body.behind.seconds).toBeGreaterThan(0.3);
      expect(answers[0]?.body.detail).toMatch(/^The view customer-orders is 1 event and [\d.]+ s behind; /);
      expect((await orders.ask('GET', '/api/orders', { as })).status).toBe(200);
      done.resolve();
      await long;
      const read = await orders.ask('GET', `/api/orders?atLeast=${version}`, { as });
      expect(read.body.orders).toMatchObject([{ orderId: placed.body.orderId }]);
    } finally {
      done.resolve();
      await orders.close();
    }
  });
});
