import { orderRefunded } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anOrder, completed, type Loyalty, messageOf, openLoyalty, refunded } from './support/loyalty.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('loyalty'), () => {
  let loyalty: Loyalty;
  beforeAll(async () => {
    loyalty = await openLoyalty(postgres.url);
  });
  afterAll(() => loyalty.close());

  test('a completed order earns points, and a refund takes them back, each once', async () => {
    const order = anOrder(uuid(), 1_250);
    for (const message of [completed(order), refunded(order, 9, 300), refunded(order, 10, 1_250)]) {
      await loyalty.handle(message);
      await loyalty.handle(message);
    }
    const { points, entries } = await loyalty.ledger(order.customerId);
    expect(points).toBe(0);
    expect(entries).toMatchObject([
      { number: 3, orderId: order.orderId, kind: 'taken-back', points: -9, balance: 0 },
      { number: 2, orderId: order.orderId, kind: 'taken-back', points: -3, balance: 9 },
      { number: 1, orderId: order.orderId, kind: 'earned', points: 12, balance: 12 },
    ]);
  });

  test('the same event under another id changes nothing: the ledger does without the inbox', async () => {
    const order = anOrder(uuid(), 4_900);
    await loyalty.handle(completed(order));
    await loyalty.handle(refunded(order, 9, 1_000));
    await loyalty.handle(completed(order));
    await loyalty.handle(refunded(order, 9, 1_000));
    expect(await loyalty.ledger(order.customerId)).toMatchObject({ points: 39, entries: { length: 2 } });
  });

  test('refunds that overtake the completion and each other lead to the same points', async () => {
    const order = anOrder(uuid(), 1_999, 'KWD');
    await loyalty.handle(refunded(order, 10, 1_500));
    await loyalty.handle(refunded(order, 9, 500));
    await loyalty.handle(completed(order));
    expect((await loyalty.ledger(order.customerId)).points).toBe(0);
  });

  test('two processes credit the orders of one customer exactly once', async () => {
    const customerId = uuid();
    const other = loyalty.instance();
    const orders = Array.from({ length: 60 }, (_, index) => anOrder(customerId, index * 100, 'EUR'));
    const messages = orders.map(completed);
    await Promise.all(
      [loyalty, other].flatMap(({ handle }) =>
        messages.map(async (message) => {
          for (let attempt = 1; ; attempt += 1) {
            try {
              return await handle(message);
            } catch (error) {
              if (attempt === 6) throw error; // as often as the subscription does
            }
          }
        }),
      ),
    );
    const { points } = await loyalty.ledger(customerId);
    expect(points).toBe((59 * 60) / 2);
  });

  test('points and entries agree, also when an order is completed while they are read', async () => {
    const customerId = uuid();
    await loyalty.handle(completed(anOrder(customerId, 4_900)));
    loyalty.afterNextRead(() => loyalty.handle(completed(anOrder(customerId, 4_900))));
    expect(await loyalty.ledger(customerId)).toMatchObject({ points: 49, entries: [{ balance: 49 }] });
    expect(await loyalty.ledger(customerId)).toMatchObject({ points: 98, entries: { length: 2 } });
  });

  test('the entries are read a page at a time', async () => {
    const customerId = uuid();
    for (let index = 1; index <= 5; index += 1) await loyalty.handle(completed(anOrder(customerId, 100)));
    const first = await loyalty.ledger(customerId, '?limit=2');
    expect(first.entries.map(({ number }: { number: number }) => number)).toEqual([5, 4]);
    expect(first.next).toBe('/api/loyalty/me?limit=2&before=4');
    const second = await loyalty.ledger(customerId, '?limit=3&before=4');
    expect(second.entries.map(({ number }: { number: number }) => number)).toEqual([3, 2, 1]);
    expect(second).toMatchObject({ points: 5 });
    expect(second.next).toBeUndefined();
  });

  test.each(['limit=0', 'limit=501', 'before=0', 'before=x', 'before=99999999999', 'after=1'])(
    'refuses ?%s, and names the field',
    async (query) => {
      const { status, body } = await loyalty.get(`/api/loyalty/me?${query}`, { userId: uuid() });
      expect(status).toBe(400);
      expect(JSON.stringify(body.errors)).toContain(query.split('=')[0]);
    },
  );

  test('a customer without orders has no points, and is shown only their own', async () => {
    const order = anOrder(uuid(), 700);
    await loyalty.handle(completed(order));
    const customerId = uuid();
    expect(await loyalty.ledger(customerId)).toEqual({ customerId, points: 0, entries: [] });
    const path = `/api/admin/loyalty/${order.customerId}`;
    expect((await loyalty.get('/api/loyalty/me', undefined)).status).toBe(401);
    expect((await loyalty.get(path, { userId: order.customerId })).status).toBe(403);
    const admin = { userId: uuid(), role: 'administrator' } as const;
    expect((await loyalty.get(path, admin)).body).toMatchObject({ customerId: order.customerId, points: 7 });
    expect((await loyalty.get('/api/admin/loyalty/nobody', admin)).status).toBe(400);
  });

  test('a refund without a sequence, or in another currency than its order, is a dead letter at once', async () => {
    const { orderId, customerId, total } = anOrder(uuid(), 700);
    const refund = { refundId: uuid(), lines: [], restocked: false, reason: 'broken' };
    const data = { ...refund, orderId, customerId, total, amount: total, refunded: total };
    const other = { ...data, refunded: { amount: 700, currency: 'JPY' } };
    for (const message of [messageOf(orderRefunded, data), messageOf(orderRefunded, other, 9)])
      await expect(loyalty.handle(message)).rejects.toMatchObject({ settle: 'dead-letter' });
    expect((await loyalty.ledger(customerId)).entries).toEqual([]);
  });
});
