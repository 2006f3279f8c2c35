import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Orders, openOrders } from './support/orders.ts';

const postgres = await serverFor('postgres');
const total = { amount: 2_500, currency: 'EUR' };
const body = { lines: [{ sku: 'MUG-1', quantity: 2 }], paymentToken: 'tok_ok' };

describe.skipIf(!postgres.available)(
  postgres.title('an order at a total that the customer was shown'),
  () => {
    let orders: Orders;

    beforeAll(async () => {
      orders = await openOrders(postgres.url);
      await orders.list('MUG-1', 1_250);
    });
    afterAll(() => orders.close());

    const place = (expectedTotal: unknown, headers: Readonly<Record<string, string>> = {}, as = uuid()) =>
      orders.ask('POST', '/api/orders', { as, payload: { ...body, expectedTotal }, headers });

    test('is placed at that total', async () => {
      expect(await place(total)).toMatchObject({ status: 202, body: { total } });
    });

    test.each<[string, object]>([
      ['less', { amount: 2_499, currency: 'EUR' }],
      ['more', { amount: 2_501, currency: 'EUR' }],
      ['nothing', { amount: 0, currency: 'EUR' }],
      ['the same in another currency', { amount: 2_500, currency: 'USD' }],
    ])('that was %s is not placed, and the response has both totals', async (_, expectedTotal) => {
      await orders.published();
      const answer = await place(expectedTotal);
      expect(answer).toMatchObject({
        status: 409,
        headers: { 'content-type': 'application/problem+json' },
        body: { type: 'urn:emporium:problem:other-total', expectedTotal, total },
      });
      expect(await orders.published()).toEqual([]);
    });

    test.each<[string, unknown]>([
      ['no amount', { currency: 'EUR' }],
      ['text', { amount: '2500', currency: 'EUR' }],
      ['a fraction', { amount: 2_500.5, currency: 'EUR' }],
      ['less than nothing', { amount: -1, currency: 'EUR' }],
      ['null', null],
      ['a number', 2_500],
    ])('that is %s is refused', async (_, expectedTotal) => {
      expect((await place(expectedTotal)).status).toBe(400);
    });

    test('is answered with the first response, although the price has risen meanwhile', async () => {
      const customer = uuid();
      const headers = { 'idempotency-key': 'seen-1' };
      const first = await place(total, headers, customer);
      await orders.list('MUG-1', 1_300);
      expect(await place(total, headers, customer)).toMatchObject({ status: 202, body: first.body });
      const seen = await place(total, { 'idempotency-key': 'seen-2' }, customer);
      expect(seen).toMatchObject({ status: 409, body: { total: { amount: 2_600, currency: 'EUR' } } });
      const again = await place(seen.body.total, { 'idempotency-key': 'seen-2' }, customer);
      expect(again).toMatchObject({ status: 202, body: { total: seen.body.total } });
    });

    test('is checked for each of many orders at the same time', async () => {
      await orders.list('MUG-1', 1_250);
      const wishes = Array.from({ length: 20 }, (_, n) => ({
        amount: n % 2 === 0 ? 2_500 : 2_400,
        currency: 'EUR',
      }));
      const answers = await Promise.all(wishes.map((expected) => place(expected)));
      expect(answers.map(({ status }) => status)).toEqual(wishes.map((_, n) => (n % 2 === 0 ? 202 : 409)));
    });
  },
);
