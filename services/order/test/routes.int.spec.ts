import {
  paymentAuthorised,
  paymentDeclined,
  shipmentFailed,
  stockRejected,
  stockReserved,
} from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
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
    await orders.list('TEA-1', 300, 'GBP');
    await orders.list('GOLD', 1_000_000_000);
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
      ['lines that are none', { ...body, lines: 'MUG-1' }, 400, 'lines'],
      ['a line that is none', { ...body, lines: [null] }, 400, 'lines[0]'],
      ['no payment token', { lines }, 400, 'paymentToken'],
      ['an empty payment token', { ...body, paymentToken: '' }, 400, 'paymentToken'],
      ['a payment token as long as a book', { ...body, paymentToken: 't'.repeat(201) }, 400, 'paymentToken'],
      ['a payment token with a NUL', { ...body, paymentToken: 'tok\u0000' }, 400, 'paymentToken'],
      ['a quantity of nothing', line({ quantity: 0 }), 400, 'lines[0].quantity'],
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

describe.skipIf(!postgres.available)(postgres.title('a backlog'), () => {
  test('at its limit refuses new orders, but no repeated requests, until some orders have ended', async () => {
    const orders = await openOrders(postgres.url, { ORDER_BACKLOG_LIMIT: 3 });
    try {
      await orders.list('MUG-1', 1_250);
      const customerId = uuid();
      const place = () => orders.ask('POST', '/api/orders', { as: customerId, payload: body });
      const headers = { 'idempotency-key': 'before the backlog was full'.replaceAll(' ', '-') };
      const first = await orders.ask('POST', '/api/orders', { as: customerId, payload: body, headers });
      const placed: string[] = [first.body.orderId];
      await expect
        .poll(async () => {
          const answer = await place();
          if (answer.status === 202) placed.push(answer.body.orderId);
          return answer;
        }, patience)
        .toMatchObject({
          status: 503,
          headers: { 'retry-after': '5' },
          body: { type: 'urn:emporium:problem:backlog-full' },
        });
      expect(placed.length).toBeGreaterThanOrEqual(3);
      const repeated = await orders.ask('POST', '/api/orders', { as: customerId, payload: body, headers });
      expect(repeated).toMatchObject({ status: 202, body: first.body });
      const other = { as: customerId, payload: { ...body, paymentToken: 'tok_visa' }, headers };
      expect((await orders.ask('POST', '/api/orders', other)).status).toBe(422);
      const commands = await orders.published();
      for (const orderId of placed) {
        const answering = createAnswering(
          { orderId, customerId, lines, total, paymentToken: 'tok_ok' },
          (step) => step === 'reserve',
        );
        const request = commands.find(
          ({ subject, type }) => subject === orderId && !type.startsWith('order.'),
        );
        const reply = request === undefined ? undefined : answering.answer(request);
        if (reply === undefined) throw new Error('nothing was asked');
        await orders.handleTwice(reply);
      }
      await expect.poll(async () => (await place()).status, patience).toBe(202);
    } finally {
      await orders.close();
    }
  });
});
