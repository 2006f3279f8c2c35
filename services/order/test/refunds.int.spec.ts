import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Orders, openOrders } from './support/orders.ts';
import { aboutRefunds, createRefunds, eur, lines, reason, total } from './support/refunds.ts';

const postgres = await serverFor('postgres');
const mug = { sku: 'MUG-1', quantity: 1 };

describe.skipIf(!postgres.available)(postgres.title('refunds'), () => {
  let orders: Orders;
  let refunds: ReturnType<typeof createRefunds>;

  beforeAll(async () => {
    orders = await openOrders(postgres.url, { ORDER_RETRY_DELAY_MS: 10, ORDER_STEP_ATTEMPTS: 2 });
    refunds = createRefunds(orders);
    await orders.list('MUG-1', 1_250);
    await orders.list('LAMP-7', 4_900);
  });
  afterEach(async () => {
    await orders.published();
    expect(orders.lines.filter((line) => line.includes('request failed'))).toEqual([]); // what a 500 logs
  });
  afterAll(() => orders.close());

  const publishedAbout = async () => aboutRefunds(await orders.published());

  test('of pieces, with each reply delivered twice, are paid back, returned and published once', async () => {
    const order = await refunds.completed();
    const { orderId, customerId } = order;
    const refundId = await refunds.requested(orderId, { lines: [mug], restock: true });
    expect(await publishedAbout()).toEqual([
      ['payment.refund.v3', `${refundId}/refund/1`, { orderId, refundId, amount: eur(1_250) }],
    ]);
    await orders.handleTwice(refunds.paidBack(orderId, refundId, 1_250));
    expect(await publishedAbout()).toEqual([
      ['inventory.return-stock', `${refundId}/return/1`, { orderId, refundId, lines: [mug] }],
    ]);
    await orders.handleTwice(refunds.returned(orderId, refundId));
    const published = await orders.published();
    expect(aboutRefunds(published)).toEqual([
      [
        'order.refunded',
        {
          ...{ orderId, customerId, refundId, amount: eur(1_250), refunded: eur(1_250), total },
          ...{ lines: [mug], restocked: true, reason },
        },
      ],
    ]);
    const { rows } = await sql<{ id: string; version: number }>`
      select id, version from event where stream = ${orderId} and type = 'refunded'`.execute(orders.store.db);
    expect(rows).toEqual([{ id: published[0]?.id, version: published[0]?.sequence }]);
    expect(await refunds.view(order)).toMatchObject({
      status: 'completed',
      refunded: eur(1_250),
      refunds: [{ refundId, status: 'refunded', amount: eur(1_250), lines: [mug] }],
    });
    expect((await refunds.list(orderId)).refunds).toMatchObject([
      { refundId, status: 'refunded', restock: true, reason, refundedAt: expect.any(String) },
    ]);
  });

  test('have the administrator as the actor of their request and resumption, and their saga of the rest', async () => {
    const { orderId } = await refunds.completed();
    const refundId = await refunds.requested(orderId, { amount: eur(1) });
    await orders.handle(refunds.paidBack(orderId, refundId, 1));
    const { body } = await orders.ask('GET', `/api/orders/${orderId}/history`, refunds.administrator);
    const actors = body.events.map(({ type, actor }: { type: string; actor: object }) => [type, actor]);
    const saga = { kind: 'saga', name: 'refund' };
    expect(actors.slice(-3)).toEqual([
      ['refund-requested', { kind: 'administrator', id: refunds.administrator.as }],
      ['refund-step-recorded', saga],
      ['refunded', saga],
    ]);
  });

  test('are seen in the order as it was', async () => {
    const order = await refunds.completed();
    const refundId = await refunds.requested(order.orderId, { amount: eur(1) });
    await orders.handle(refunds.paidBack(order.orderId, refundId, 1));
    const { rows } = await sql<{ version: number }>`
      select version from event where stream = ${order.orderId} and type = 'refund-requested'`.execute(
      orders.store.db,
    );
    const at = async (version: number) =>
      (await orders.ask('GET', `/api/orders/${order.orderId}?version=${version}`, refunds.administrator))
        .body;
    const requested = rows[0]?.version ?? 0;
    expect(await at(requested - 1)).toMatchObject({ refunded: eur(0), refunds: [] });
    expect(await at(requested)).toMatchObject({ refunded: eur(0), refunds: [{ status: 'in-progress' }] });
    expect(await at(requested + 2)).toMatchObject({ refunded: eur(1), refunds: [{ status: 'refunded' }] });
  });

  test('count on their day in the revenue, and returned pieces as not sold', async () => {
    const report = async (path: string) =>
      (await orders.ask('GET', `/api/admin/reports/${path}`, refunds.administrator)).body;
    const { orderId } = await refunds.completed();
    const sums = async () => {
      const [day] = (await report('revenue')).days;
      const mugs = (await report('product-sales?sku=MUG-1')).products[0];
      return { revenue: day?.revenue, refunded: day?.refunded, units: mugs?.units };
    };
    const upToDate = async () =>
      (await report('projections')).projections.every(
        ({ lag }: { lag: { events: number } }) => lag.events === 0,
      );
    await expect.poll(upToDate, { timeout: 20_000 }).toBe(true);
    const before = await sums();
    const refundId = await refunds.requested(orderId, { lines: [mug] });
    await orders.handle(refunds.paidBack(orderId, refundId, 1_250));
    await expect
      .poll(sums, { timeout: 20_000 })
      .toEqual({ ...before, refunded: before.refunded + 1_250, units: before.units - 1 });
  });

  test('of an amount return no pieces', async () => {
    const { orderId } = await refunds.completed();
    const refundId = await refunds.requested(orderId, { amount: eur(1) });
    await orders.handleTwice(refunds.paidBack(orderId, refundId, 1));
    expect(await publishedAbout()).toEqual([
      ['payment.refund.v3', `${refundId}/refund/1`, expect.anything()],
      ['order.refunded', expect.objectContaining({ refunded: eur(1), lines: [], restocked: false })],
    ]);
  });

  test('of one order that end in one group each say how much was refunded so far', async () => {
    const { orderId } = await refunds.completed();
    const ids = [
      await refunds.requested(orderId, { amount: eur(100) }),
      await refunds.requested(orderId, { amount: eur(200) }),
    ];
    await orders.published();
    await Promise.all(
      ids.map((refundId, n) => orders.handle(refunds.paidBack(orderId, refundId, (n + 1) * 100))),
    );
    const events = (await orders.published()).toSorted(
      (one, other) => (one.sequence ?? 0) - (other.sequence ?? 0),
    );
    const sums = events.map(({ data }) => data['refunded']);
    expect([
      [eur(100), eur(300)],
      [eur(200), eur(300)],
    ]).toContainEqual(sums);
  });

  test('requested at the same time never exceed what was captured', async () => {
    const { orderId } = await refunds.completed();
    const amounts = Array.from({ length: 12 }, () => ({ amount: eur(2_000), reason }));
    const answers = await Promise.all(amounts.map((payload) => refunds.request(orderId, payload)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
    const refused = answers.filter(({ status }) => status !== 202);
    expect(refused.map(({ status, body }) => [status, body.errors[0].field])).toEqual(
      Array(9).fill([422, 'amount.amount']),
    );
    const { rows } = await sql<{ sagas: number }>`
      select count(*) as sagas from saga where name = 'refund' and state -> 'subject' ->> 'orderId' = ${orderId}`.execute(
      orders.store.db,
    );
    expect(rows).toEqual([{ sagas: 3 }]);
    expect((await publishedAbout()).map(([type]) => type)).toEqual(Array(3).fill('payment.refund.v3'));
  });

  describe('that are refused', () => {
    test('are tried again, then wait for an administrator, who resumes them', async () => {
      const order = await refunds.completed();
      const { orderId, customerId } = order;
      const refundId = await refunds.requested(orderId, { lines: [mug], restock: true });
      await orders.handleTwice(refunds.declined(orderId, refundId, 1));
      const resent = expect.poll(publishedAbout, { timeout: 10_000 });
      await resent.toContainEqual(['payment.refund.v3', `${refundId}/refund/2`, expect.anything()]);
      await orders.handleTwice(refunds.declined(orderId, refundId, 2));
      expect(await publishedAbout()).toEqual([
        ['order.refund-parked', { orderId, customerId, refundId, step: 'refund', reason: 'refund_refused' }],
      ]);
      expect(await refunds.view(order)).toMatchObject({ status: 'completed', refunded: eur(0) });
      const parked = { step: 'refund', reason: 'refund_refused' };
      expect((await refunds.list(orderId)).refunds).toMatchObject([{ status: 'parked', parked }]);
      const listed = await orders.ask('GET', '/api/admin/refunds', refunds.administrator);
      expect(listed.body.refunds).toContainEqual({
        ...{ orderId, refundId, amount: eur(1_250), ...parked },
        href: `/api/admin/orders/${orderId}/refunds/${refundId}`,
      });

      expect((await refunds.resume(orderId, refundId)).status).toBe(202);
      const again = await refunds.resume(orderId, refundId);
      expect([again.status, again.body.type]).toEqual([409, 'urn:emporium:problem:not-parked']);
      expect(await publishedAbout()).toEqual([
        ['payment.refund.v3', `${refundId}/refund/3`, { orderId, refundId, amount: eur(1_250) }],
      ]);
      await orders.handle(refunds.paidBack(orderId, refundId, 1_250, 3));
      await orders.handle(refunds.returned(orderId, refundId));
      expect((await refunds.view(order)).timeline.map(({ what }: { what: string }) => what).slice(8)).toEqual(
        [
          ...['refund requested', 'refund refused', 'refund refused', 'refund needs attention'],
          ...['refund resumed', 'payment refunded', 'stock returned', 'refunded'],
        ],
      );
    });

    test('leave no room for others while they wait', async () => {
      const { orderId } = await refunds.completed();
      const refundId = await refunds.requested(orderId, { amount: eur(7_000) });
      for (const attempt of [1, 2]) {
        await orders.handle(refunds.declined(orderId, refundId, attempt));
        if (attempt === 1)
          await expect
            .poll(publishedAbout, { timeout: 10_000 })
            .toContainEqual(['payment.refund.v3', `${refundId}/refund/2`, expect.anything()]);
      }
      const answer = await refunds.request(orderId, { amount: eur(401), reason });
      expect([answer.status, answer.body.errors]).toEqual([
        422,
        [{ field: 'amount.amount', message: 'must not be more than what is left, 400 EUR' }],
      ]);
    });
  });

  test('do not change the order’s own saga, and are not counted as orders in progress', async () => {
    const { orderId } = await refunds.completed();
    await refunds.requested(orderId, { amount: eur(1) });
    const { rows } = await sql<{ name: string; final: boolean }>`
      select name, final from saga where id = ${orderId} or state -> 'subject' ->> 'orderId' = ${orderId}
      order by name`.execute(orders.store.db);
    expect(rows).toEqual([
      { name: 'fulfilment', final: true },
      { name: 'refund', final: false },
    ]);
  });

  describe('with an Idempotency-Key', () => {
    const keyed = (key: string, as = refunds.administrator.as) => ({
      ...{ as, role: 'administrator' as const },
      headers: { 'idempotency-key': key },
    });

    test('are requested once, also at the same time', async () => {
      const { orderId } = await refunds.completed();
      const payload = { lines: [mug], restock: true, reason };
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => refunds.request(orderId, payload, keyed('one'))),
      );
      expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
      const again = await refunds.request(orderId, payload, keyed('one'));
      expect(again.status).toBe(202);
      expect(again.headers['location']).toBe(again.body.href);
      expect(
        (await refunds.list(orderId)).refunds.map((each: { refundId: string }) => each.refundId),
      ).toEqual([again.body.refundId]);
      const found = await orders.ask('GET', again.body.href, refunds.administrator);
      expect(found.body).toMatchObject({ refundId: again.body.refundId, status: 'in-progress' });
    });

    test('are refused with another body', async () => {
      const { orderId } = await refunds.completed();
      await refunds.request(orderId, { amount: eur(1), reason }, keyed('two'));
      const other = await refunds.request(orderId, { amount: eur(2), reason }, keyed('two'));
      expect([other.status, other.body.type]).toEqual([422, 'urn:emporium:problem:idempotency-mismatch']);
    });

    test('of another order or administrator are other refunds', async () => {
      const [one, other] = [await refunds.completed(), await refunds.completed()];
      const payload = { amount: eur(1), reason };
      for (const [orderId, as] of [
        [one.orderId, uuid()],
        [one.orderId, uuid()],
        [other.orderId, uuid()],
      ] as const) {
        expect((await refunds.request(orderId, payload, keyed('three', as))).status).toBe(202);
      }
      expect((await refunds.list(one.orderId)).refunds).toHaveLength(2);
    });

    test('that was refused can be used again', async () => {
      const { orderId } = await refunds.completed();
      const refused = await refunds.request(orderId, { amount: eur(7_401), reason }, keyed('four'));
      const accepted = await refunds.request(orderId, { amount: eur(7_400), reason }, keyed('four'));
      expect([refused.status, accepted.status]).toEqual([422, 202]);
    });

    test('that is invalid are refused', async () => {
      const { orderId } = await refunds.completed();
      const answer = await refunds.request(orderId, { amount: eur(1), reason }, keyed('two words'));
      expect([answer.status, answer.body.errors[0].field]).toEqual([400, 'headers.idempotency-key']);
    });
  });

  describe('that are impossible', () => {
    const writtenFor = async (orderId: string) => {
      const { rows } = await sql<{ events: number; sagas: number; messages: number }>`
        select (select count(*) from event where stream = ${orderId}) as events,
          (select count(*) from saga where state -> 'subject' ->> 'orderId' = ${orderId}) as sagas,
          (select count(*) from outbox where key = ${orderId}) as messages`.execute(orders.store.db);
      return rows;
    };
    const amount = eur(1);

    test.each<[string, object, number, string]>([
      ['neither lines nor an amount', { reason }, 400, 'lines'],
      ['lines and an amount', { lines: [mug], amount, reason }, 400, 'amount'],
      ['no lines', { lines: [], reason }, 400, 'lines'],
      ['an amount with restock', { amount, restock: true, reason }, 400, 'restock'],
      ['an amount of zero', { amount: eur(0), reason }, 400, 'amount.amount'],
      ['a negative amount', { amount: eur(-1), reason }, 400, 'amount.amount'],
      ['half a minor unit', { amount: eur(0.5), reason }, 400, 'amount.amount'],
      ['an amount as text', { amount: { amount: '1', currency: 'EUR' }, reason }, 400, 'amount.amount'],
      ['no currency', { amount: { amount: 1 }, reason }, 400, 'amount.currency'],
      ['an unknown currency', { amount: { amount: 1, currency: 'ZZZ' }, reason }, 400, 'amount.currency'],
      ['another currency', { amount: { amount: 1, currency: 'JPY' }, reason }, 422, 'amount.currency'],
      ['more than was captured', { amount: eur(7_401), reason }, 422, 'amount.amount'],
      ['a quantity of zero', { lines: [{ ...mug, quantity: 0 }], reason }, 400, 'lines[0].quantity'],
      [
        'more pieces than were ordered',
        { lines: [{ ...mug, quantity: 3 }], reason },
        422,
        'lines[0].quantity',
      ],
      ['a product of no order', { lines: [{ ...mug, sku: 'HAT' }], reason }, 422, 'lines[0].sku'],
      ['a product like a field', { lines: [{ ...mug, sku: 'CONSTRUCTOR' }], reason }, 422, 'lines[0].sku'],
      ['a product twice', { lines: [mug, mug], reason }, 422, 'lines[1].sku'],
      [
        'a price of the pieces',
        { lines: [{ ...mug, unitPrice: eur(1) }], reason },
        400,
        'lines[0].unitPrice',
      ],
      ['no reason', { amount }, 400, 'reason'],
      ['an empty reason', { amount, reason: ' ' }, 400, 'reason'],
      ['a reason that is too long', { amount, reason: 'r'.repeat(501) }, 400, 'reason'],
      ['a reason with a NUL', { amount, reason: 'a\u0000' }, 400, 'reason'],
      ['a restock that is not a boolean', { lines: [mug], restock: 'yes', reason }, 400, 'restock'],
      ['an unknown field', { amount, reason, customerId: uuid() }, 400, 'customerId'],
    ])('%s', async (_, payload, status, field) => {
      const { orderId } = await refunds.completed();
      const before = await writtenFor(orderId);
      const answer = await refunds.request(orderId, payload);
      expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
      expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
      expect(answer.body.detail).toContain(field);
      expect(await writtenFor(orderId)).toEqual(before);
    });

    test('an order in progress, and a cancelled one', async () => {
      const order = await refunds.place();
      const { orderId, customerId } = order;
      const refusalOf = async () => {
        const { status, body } = await refunds.request(orderId, { amount, reason });
        return [status, body.type, body.errors[0].field, body.detail];
      };
      const only = 'only a completed one can be refunded';
      const type = 'urn:emporium:problem:not-completed';
      expect(await refusalOf()).toEqual([409, type, 'id', `id is an order that is placed: ${only}`]);
      await orders.ask('POST', `/api/orders/${orderId}/cancel`, { as: customerId });
      expect(await refusalOf()).toEqual([409, type, 'id', `id is an order that is cancelling: ${only}`]);
    });

    test('an unknown order, and an unknown refund', async () => {
      const [{ orderId }, other] = [await refunds.completed(), await refunds.completed()];
      const refundId = await refunds.requested(other.orderId, { amount });
      for (const id of [uuid(), 'not-a-uuid', '%27']) {
        expect((await refunds.request(id, { amount, reason })).status).toBe(404);
        expect(
          (await orders.ask('GET', `/api/admin/orders/${id}/refunds`, refunds.administrator)).status,
        ).toBe(404);
      }
      for (const id of [uuid(), refundId, 'x']) {
        expect((await refunds.resume(orderId, id)).status).toBe(404); // also that of another order
        const { status } = await orders.ask(
          'GET',
          `/api/admin/orders/${orderId}/refunds/${id}`,
          refunds.administrator,
        );
        expect(status).toBe(404);
      }
    });

    test('a customer, and a request without a token', async () => {
      const { orderId, customerId } = await refunds.completed();
      const before = await writtenFor(orderId);
      const payload = { lines, restock: true, reason };
      expect((await refunds.request(orderId, payload, { as: customerId })).status).toBe(403);
      expect((await refunds.request(orderId, payload, {})).status).toBe(401);
      for (const url of [`/api/admin/orders/${orderId}/refunds`, '/api/admin/refunds'])
        expect((await orders.ask('GET', url, { as: customerId })).status).toBe(403);
      expect(await writtenFor(orderId)).toEqual(before);
    });
  });
});
