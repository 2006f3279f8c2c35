import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Orders, openOrders } from './support/orders.ts';

const postgres = await serverFor('postgres');
const lines = [{ sku: 'MUG-1', quantity: 2 }];
const body = { lines, paymentToken: 'tok_ok' };

describe.skipIf(!postgres.available)(postgres.title('placing orders'), () => {
  let orders: Orders;

  beforeAll(async () => {
    orders = await openOrders(postgres.url);
    await orders.list('MUG-1', 1_250);
    await orders.list('TEA-1', 300, 'GBP');
    await orders.list('GOLD', 1_000_000_000);
  });
  afterEach(async () => {
    await orders.published();
    expect(orders.lines.filter((line) => line.includes('request failed'))).toEqual([]); // what a 500 logs
  });
  afterAll(() => orders.close());

  describe('placed at the same time', () => {
    const asks = Array.from({ length: 20 }, (_, n) => ({
      customerId: uuid(),
      correlationId: `at-one-time-${n}`,
      line: { sku: n % 5 === 4 ? 'NOTHING' : 'MUG-1', quantity: n + 1 },
    }));
    const placeAll = () =>
      Promise.all(
        asks.map(async ({ customerId, correlationId, line }) => {
          const headers = { 'x-correlation-id': correlationId };
          const payload = { ...body, lines: [line] };
          const { status, body: answer } = await orders.ask('POST', '/api/orders', {
            ...{ as: customerId, payload, headers },
          });
          return { customerId, correlationId, line, status, orderId: String(answer.orderId) };
        }),
      );

    test('orders share transactions; an order that cannot be placed does not affect the others', async () => {
      const answers = await placeAll();
      expect(answers.map(({ status }) => status)).toEqual(
        asks.map(({ line }) => (line.sku === 'NOTHING' ? 422 : 202)),
      );
      const ids = answers.filter(({ status }) => status === 202).map(({ orderId }) => orderId);
      const { rows } = await sql<{ events: number; transactions: number }>`
        select count(*) as events, count(distinct xmin::text) as transactions
        from event where type = 'placed' and stream = any(${ids}::text[])`.execute(orders.store.db);
      expect(rows).toEqual([{ events: 16, transactions: expect.any(Number) }]);
      expect(rows[0]?.transactions).toBeLessThan(16);
    });

    test('the messages of each order belong to its own request and customer', async () => {
      const answers = await placeAll();
      const left = await orders.published();
      for (const { orderId, customerId, correlationId, line } of answers.filter(
        ({ status }) => status === 202,
      )) {
        const own = left.filter(({ subject }) => subject === orderId);
        expect(own.map(({ type, correlationid }) => [type, correlationid])).toEqual([
          ['inventory.reserve-stock.v2', correlationId],
          ['order.placed.v2', correlationId],
          ['order.placed', correlationId],
        ]);
        expect(own[1]?.data).toMatchObject({ customerId, lines: [line] });
        const { rows } = await sql<{ customer: string; correlation_id: string }>`
          select state -> 'subject' ->> 'customerId' as customer, correlation_id from saga where id = ${orderId}`.execute(
          orders.store.db,
        );
        expect(rows).toEqual([{ customer: customerId, correlation_id: correlationId }]);
      }
    });
  });

  describe('an Idempotency-Key', () => {
    const ask = (as: string, key: string, payload: unknown = body) =>
      orders.ask('POST', '/api/orders', { as, payload, headers: { 'idempotency-key': key } });
    const countOf = async (customerId: string) => {
      const { rows } = await sql<{ count: number }>`
        select count(*) as count from event where type = 'placed' and data ->> 'customerId' = ${customerId}`.execute(
        orders.store.db,
      );
      return rows[0]?.count;
    };

    test('a repeated request gets the first response and the same Location', async () => {
      const ada = uuid();
      const first = await ask(ada, 'one');
      const again = await ask(ada, 'one', { paymentToken: 'tok_ok', lines });
      expect([again.status, again.headers['location'], again.body]).toEqual([
        202,
        first.headers['location'],
        first.body,
      ]);
      expect(await countOf(ada)).toBe(1);
    });

    test('is refused with another body', async () => {
      const ada = uuid();
      await ask(ada, 'one');
      const other = await ask(ada, 'one', { ...body, paymentToken: 'tok_other' });
      expect([other.status, other.body.type]).toEqual([422, 'urn:emporium:problem:idempotency-mismatch']);
      expect(await countOf(ada)).toBe(1);
    });

    test('of another customer is another key', async () => {
      const [ada, grace] = [uuid(), uuid()];
      const [one, other] = [await ask(ada, 'shared'), await ask(grace, 'shared')];
      expect([one.status, other.status]).toEqual([202, 202]);
      expect(one.body.orderId).not.toBe(other.body.orderId);
    });

    test('used many times at the same time places one order', async () => {
      const ada = uuid();
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(ada, 'burst')));
      const taken = answers.filter(({ status }) => status === 202);
      expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
      expect(new Set(taken.map(({ body: { orderId } }) => orderId)).size).toBe(1);
      expect(await countOf(ada)).toBe(1);
    });

    test('of a refused request can be used again', async () => {
      const ada = uuid();
      const impossible = { ...body, lines: [{ sku: 'NOTHING', quantity: 1 }] };
      expect((await ask(ada, 'again', impossible)).status).toBe(422);
      expect((await ask(ada, 'again')).status).toBe(202);
    });

    test.each([
      ['empty', ''],
      ['with a blank', 'two words'],
      ['too long', 'k'.repeat(256)],
      ['no ASCII', 'schlüssel'],
    ])('that is %s is refused', async (_, key) => {
      const answer = await ask(uuid(), key);
      expect([answer.status, answer.body.errors]).toEqual([
        400,
        [{ field: 'headers.idempotency-key', message: 'must be 1 to 255 visible characters' }],
      ]);
    });
  });

  describe('a refused request', () => {
    const line = (changes: object) => ({ ...body, lines: [{ sku: 'MUG-1', quantity: 1, ...changes }] });
    const many = Array.from({ length: 101 }, () => ({ sku: 'MUG-1', quantity: 1 }));

    test.each<[string, unknown, number, string]>([
      ['no lines', { paymentToken: 'tok_ok' }, 400, 'lines'],
      ['an empty order', { ...body, lines: [] }, 400, 'lines'],
      ['too many lines', { ...body, lines: many }, 400, 'lines'],
      ['lines that are not a list', { ...body, lines: 'MUG-1' }, 400, 'lines'],
      ['an invalid line', { ...body, lines: [null] }, 400, 'lines[0]'],
      ['no payment token', { lines }, 400, 'paymentToken'],
      ['an empty payment token', { ...body, paymentToken: '' }, 400, 'paymentToken'],
      ['a payment token that is too long', { ...body, paymentToken: 't'.repeat(201) }, 400, 'paymentToken'],
      ['a payment token with a NUL', { ...body, paymentToken: 'tok\u0000' }, 400, 'paymentToken'],
      ['a quantity of zero', line({ quantity: 0 }), 400, 'lines[0].quantity'],
      ['a negative quantity', line({ quantity: -1 }), 400, 'lines[0].quantity'],
      ['half a piece', line({ quantity: 0.5 }), 400, 'lines[0].quantity'],
      ['a quantity as text', line({ quantity: '1' }), 400, 'lines[0].quantity'],
      ['more than anyone can carry', line({ quantity: 10_001 }), 400, 'lines[0].quantity'],
      ['a sku in small letters', line({ sku: 'mug-1' }), 400, 'lines[0].sku'],
      [
        'a price set by the customer',
        line({ unitPrice: { amount: 1, currency: 'EUR' } }),
        400,
        'lines[0].unitPrice',
      ],
      ['somebody else as the customer', { ...body, customerId: uuid() }, 400, 'customerId'],
      ['a list', [body], 400, 'body'],
      ['an unknown sku', line({ sku: 'NOTHING' }), 422, 'lines[0].sku'],
      ['a sku like a field of every object', line({ sku: 'CONSTRUCTOR' }), 422, 'lines[0].sku'],
      ['a sku twice', { ...body, lines: [...lines, ...lines] }, 422, 'lines[1].sku'],
      ['two currencies', { ...body, lines: [...lines, { sku: 'TEA-1', quantity: 1 }] }, 422, 'lines[1].sku'],
      ['more than an order may cost', line({ sku: 'GOLD', quantity: 10_000 }), 422, 'lines'],
    ])('%s', async (_, payload, status, field) => {
      const answer = await orders.ask('POST', '/api/orders', { as: uuid(), payload });
      expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
      expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
      expect(answer.body.detail).toContain(field);
    });

    test.each<[string, string, Readonly<Record<string, string>>, number]>([
      ['no JSON', '{"lines":', { 'content-type': 'application/json' }, 400],
      ['another content type', 'lines=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
      [
        'a megabyte',
        JSON.stringify({ ...body, more: 'x'.repeat(1_000_000) }),
        { 'content-type': 'application/json' },
        413,
      ],
      ['a prototype', '{"__proto__":{"lines":[]}}', { 'content-type': 'application/json' }, 400],
    ])('a body that is %s', async (_, payload, headers, status) => {
      const answer = await orders.ask('POST', '/api/orders', { as: uuid(), payload, headers });
      expect(answer.status).toBe(status);
    });

    test.each([
      ['/api/orders?limit=0', 400],
      ['/api/orders?limit=101', 400],
      ['/api/orders?limit=', 400],
      ['/api/orders?limit=ten', 400],
      ['/api/orders?limit=1.5', 400],
      ['/api/orders?limit=1&limit=2', 400],
      ['/api/orders?status=lost', 400],
      ['/api/orders?before=a&before=b', 400],
      ['/api/orders?customerId=somebody', 400],
      ['/api/orders?before=%00', 400],
      ['/api/orders?before=%27%3B--', 400],
      ['/api/orders?before=%ff', 400],
      ['/api/orders/not-a-uuid', 404],
      ['/api/orders/%27%20or%201%3D1', 404],
      ['/api/orders/%F0%9F%92%A9', 404],
      ['/api/orders/..%2f..', 404],
      ['/api/orders/%00', 400],
      ['/api/orders/%ff', 400],
    ])('GET %s answers %i', async (url, status) => {
      expect((await orders.ask('GET', url, { as: uuid() })).status).toBe(status);
    });

    test.each([
      ['?before=', 101, 400],
      ['/', 101, 400],
      ['/', 5_000, 404],
    ])('GET /api/orders%s and %i letters answers %i', async (path, length, status) => {
      const answer = await orders.ask('GET', `/api/orders${path}${'x'.repeat(length)}`, { as: uuid() });
      expect(answer.status).toBe(status);
    });

    test.each(['not-a-uuid', '%27', '%ff', '%00'])('cancelling the order %s', async (id) => {
      const { status } = await orders.ask('POST', `/api/orders/${id}/cancel`, { as: uuid() });
      expect([400, 404]).toContain(status);
    });

    test.each(['GET', 'POST'] as const)('a %s without a token, or with an invalid one', async (method) => {
      const payload = method === 'POST' ? { payload: body } : {};
      expect((await orders.ask(method, '/api/orders', payload)).status).toBe(401);
      const headers = { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' };
      expect((await orders.ask(method, '/api/orders', { ...payload, headers })).status).toBe(401);
    });
  });
});
