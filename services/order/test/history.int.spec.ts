import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertOldRows, oldRows } from './support/old-rows.ts';
import { type Orders, openOrders, type RequestOptions } from './support/orders.ts';
import { converse, createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the history of an order'), () => {
  let orders: Orders;
  let orderId: string;
  let events: readonly Entry[];
  const customerId = uuid();
  const customer: RequestOptions = { as: customerId };
  const administrator: RequestOptions = { as: uuid(), role: 'administrator' };
  const lines = [{ sku: 'MUG-1', quantity: 2 }];

  interface Entry {
    readonly version: number;
    readonly at: string;
    readonly type: string;
    readonly data: object;
    readonly actor: { readonly kind: string; readonly id?: string; readonly name?: string };
    readonly correlationId?: string;
    readonly causationId?: string;
  }

  const place = async (): Promise<string> => {
    const payload = { lines, paymentToken: 'tok_ok' };
    return (await orders.ask('POST', '/api/orders', { ...customer, payload })).body.orderId;
  };
  const historyOf = async (id: string, options = customer, query = '') =>
    (await orders.ask('GET', `/api/orders/${id}/history${query}`, options)).body.events;
  const viewOf = (query: string, options = customer, id = orderId) =>
    orders.ask('GET', `/api/orders/${id}?${query}`, options);
  const rowCount = async (): Promise<unknown> =>
    (
      await sql`select (select count(*) from event) as events, (select count(*) from outbox) as messages`.execute(
        orders.store.db,
      )
    ).rows;

  beforeAll(async () => {
    orders = await openOrders(postgres.url, { ORDER_STEP_DEADLINE_MS: 400, ORDER_STEP_ATTEMPTS: 1 });
    await orders.list('MUG-1', 1_250);
    await insertOldRows(orders.store.db);
    orderId = await place();
    const total = { amount: 2_500, currency: 'EUR' };
    await converse(orders, createAnswering({ orderId, customerId, lines, total, paymentToken: 'tok_ok' }));
    events = await historyOf(orderId);
  });
  afterAll(async () => {
    expect(orders.lines.filter((line) => line.includes('request failed'))).toEqual([]); // what a 500 logs
    await orders.close();
  });

  test('has each event with its version, time, type, data, actor and ids', () => {
    expect(events.map(({ version, type }) => [version, type])).toEqual([
      [1, 'placed'],
      [2, 'step-recorded'],
      [3, 'step-recorded'],
      [4, 'confirmed'],
      [5, 'step-recorded'],
      [6, 'step-recorded'],
      [7, 'step-recorded'],
      [8, 'completed'],
    ]);
    const [first, second] = events;
    expect(first).toMatchObject({
      data: { customerId, total: { amount: 2_500, currency: 'EUR' } },
      actor: { kind: 'customer', id: customerId },
      correlationId: expect.any(String),
      causationId: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(Object.keys(first?.data ?? {})).not.toContain('type');
    expect(second).toMatchObject({
      data: { step: 'reserve', outcome: 'done' },
      actor: { kind: 'saga', name: 'fulfilment' },
      causationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      correlationId: first?.correlationId,
    });
    expect(events.every(({ at }) => new Date(at).toISOString() === at)).toBe(true);
  });

  test('is paged by version', async () => {
    const url = `/api/orders/${orderId}/history?limit=3`;
    const seen: Entry[] = [];
    for (let next: string | undefined = url; next !== undefined; ) {
      const { status, body, headers } = await orders.ask('GET', next, customer);
      expect(status).toBe(200);
      expect(body.events.length).toBeLessThanOrEqual(3);
      expect(headers['link']).toBe(body.next === undefined ? undefined : `<${body.next}>; rel="next"`);
      seen.push(...body.events);
      next = body.next;
    }
    expect(seen).toEqual(events);
    expect(await historyOf(orderId, customer, '?after=8')).toEqual([]);
  });

  test('an order of another customer is not found, except by an administrator', async () => {
    for (const path of ['/history', '', '?version=1']) {
      const url = `/api/orders/${orderId}${path}`;
      expect((await orders.ask('GET', url, { as: uuid() })).status).toBe(404);
      expect((await orders.ask('GET', url)).status).toBe(401);
      expect((await orders.ask('GET', url, administrator)).status).toBe(200);
    }
    expect((await orders.ask('GET', `/api/orders/${uuid()}/history`, administrator)).status).toBe(404);
  });

  test('a customer does not learn which administrator it was', async () => {
    const late = await place();
    await orders.published();
    const resume = () => orders.ask('POST', `/api/admin/orders/${late}/resume`, administrator);
    await expect.poll(async () => (await resume()).status, { timeout: 20_000 }).toBe(202);
    const resumedFor = async (options: RequestOptions) =>
      (await historyOf(late, options)).findLast(({ type }: Entry) => type === 'resumed').actor;
    expect(await resumedFor(customer)).toEqual({ kind: 'administrator' });
    expect(await resumedFor(administrator)).toEqual({ kind: 'administrator', id: administrator.as });
    await orders.published();
  });

  test('has the events of older releases, whose causes are unknown', async () => {
    const { done } = oldRows.views;
    const old: Entry[] = await historyOf(done.orderId, administrator);
    expect(old.map(({ actor }) => actor.kind)).toEqual(['customer', ...Array(8).fill('unknown')]);
    expect(old.every(({ correlationId, causationId }) => (correlationId ?? causationId) === undefined)).toBe(
      true,
    );
  });

  describe('an order as it was', () => {
    test.each([
      [1, 'placed'],
      [3, 'placed'],
      [4, 'confirmed'],
      [7, 'confirmed'],
      [8, 'completed'],
    ])('in version %i is %s', async (version, status) => {
      const { status: code, body } = await viewOf(`version=${version}`);
      expect([code, body.status]).toEqual([200, status]);
      expect(body.timeline).toHaveLength(version);
    });

    test('at a time has the events until then, whatever the offset of the time', async () => {
      const { version, at } = events[3] as Entry;
      const until = events.filter((each) => each.at <= at).length;
      expect(until).toBeGreaterThanOrEqual(version);
      const inParis = new Date(Date.parse(at) + 7_200_000).toISOString().replace('Z', '%2B02:00');
      for (const time of [at, inParis]) {
        const { status, body } = await viewOf(`at=${time}`);
        expect([status, body.timeline?.length]).toEqual([200, until]);
      }
    });

    test('of an older release can be read in each of its versions', async () => {
      for (const { orderId: id, status } of Object.values(oldRows.views)) {
        const own = oldRows.event.filter(({ stream }) => stream === id);
        const statuses = [];
        for (const { version } of own)
          statuses.push((await viewOf(`version=${version}`, administrator, id)).body.status);
        expect(statuses[0]).toBe('placed');
        expect(statuses.at(-1)).toBe(status);
        const early = await viewOf(`at=${own[0]?.at}`, administrator, id);
        expect([early.status, early.body.status]).toEqual([200, 'placed']);
      }
    });

    test.each([
      ['a version that it does not have', 'version=9', 404, 'query.version', 'the newest is 8'],
      ['version 0', 'version=0', 400, 'query.version', 'at least 1'],
      ['a negative version', 'version=-1', 400, 'query.version', 'decimal digits'],
      ['half a version', 'version=1.5', 400, 'query.version', 'whole number'],
      ['no version', 'version=', 400, 'query.version', 'whole number'],
      ['a version that is too large', 'version=2147483648', 400, 'query.version', 'at most'],
      ['two versions', 'version=1&version=2', 400, 'query.version', ''],
      ['a date without a time', 'at=2026-01-01', 400, 'query.at', 'RFC 3339'],
      ['a time without an offset', 'at=2026-01-01T00:00:00', 400, 'query.at', 'RFC 3339'],
      ['a time without seconds', 'at=2026-01-01T00:00Z', 400, 'query.at', 'RFC 3339'],
      ['an offset whose plus was decoded', 'at=2026-01-01T00:00:00+02:00', 400, 'query.at', 'RFC 3339'],
      ['a day that does not exist', 'at=2026-02-30T00:00:00Z', 400, 'query.at', 'RFC 3339'],
      ['no time', 'at=', 400, 'query.at', 'RFC 3339'],
      ['two times', 'at=2026-01-01T00:00:00Z&at=2026-01-02T00:00:00Z', 400, 'query.at', ''],
      ['a time in the future', 'at=9999-12-31T23:59:59Z', 400, 'query.at', 'future'],
      ['a time before the order', 'at=2020-01-01T00:00:00Z', 404, 'query.at', 'before the order existed'],
      ['a time and a version', 'version=1&at=2020-01-01T00:00:00Z', 400, 'query.version', 'together'],
      ['an unknown field', 'until=2', 400, 'query.until', ''],
    ])('%s is refused', async (_, query, status, field, message) => {
      const before = await rowCount();
      const answer = await viewOf(query);
      expect([answer.status, answer.body.errors?.[0]]).toEqual([
        status,
        { field, message: expect.stringContaining(message) },
      ]);
      expect(await rowCount()).toEqual(before);
    });

    test.each(['limit=0', 'limit=501', 'after=-1', 'after=x', 'before=1'])(
      'a page of the history with %s is refused',
      async (query) => {
        const answer = await orders.ask('GET', `/api/orders/${orderId}/history?${query}`, customer);
        expect([answer.status, answer.body.errors[0].field]).toEqual([400, `query.${query.split('=')[0]}`]);
      },
    );

    test('a moment is refused to others before it is looked at', async () => {
      for (const query of ['version=99', 'at=2020-01-01T00:00:00Z'])
        expect((await viewOf(query, { as: uuid() })).body.errors).toBeUndefined();
    });
  });

  test('the OpenAPI document describes the addresses', async () => {
    const { body } = await orders.ask('GET', '/openapi.json');
    expect(body.paths['/api/orders/{id}/history'].get.summary).toMatch(/events of an order/);
    const names = body.paths['/api/orders/{id}'].get.parameters.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['at', 'version', 'id']));
  });
});
