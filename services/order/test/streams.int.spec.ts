import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { causeOf, newContext } from '@emporium/bus';
import { appendEvents, createEventTail } from '@emporium/event-store';
import { serverFor } from '@emporium/servers';
import { createHealth, createHttpServer, listen, startInOrder } from '@emporium/service';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { OrderEvent } from '../src/domain/order.ts';
import { historyRoutes } from '../src/history-routes.ts';
import { createOrderStreams } from '../src/order-streams.ts';
import { orderFormat } from '../src/store/order-format.ts';
import type { OrderTables } from '../src/store/tables.ts';
import { type Follower, followEvents } from './support/event-source.ts';
import { insertOldRows, oldRows } from './support/old-rows.ts';
import { type Orders, openOrders } from './support/orders.ts';
import { converse, createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');
const lines = [{ sku: 'MUG-1', quantity: 2 }];
const total = { amount: 2_500, currency: 'EUR' };

describe.skipIf(!postgres.available)(postgres.title('the events of an order as a stream'), () => {
  let orders: Orders;
  let origin: string;
  const customerId = uuid();
  const followers: Follower[] = [];

  beforeAll(async () => {
    orders = await openOrders(postgres.url);
    await orders.list('MUG-1', 1_250);
    await insertOldRows(orders.store.db);
    await orders.server.listen({ port: 0, host: '127.0.0.1' });
    origin = originOf(orders.server.server.address());
  });
  afterEach(async () => {
    await Promise.all(followers.splice(0).map((follower) => follower.stop()));
  });
  afterAll(async () => {
    expect(orders.lines.filter((line) => line.includes('request failed'))).toEqual([]); // what a 500 logs
    await orders.close();
  });

  const originOf = (address: AddressInfo | string | null): string =>
    `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  const place = async () => {
    const payload = { lines, paymentToken: 'tok_ok' };
    const { body } = await orders.ask('POST', '/api/orders', { as: customerId, payload });
    return { orderId: String(body.orderId), customerId, lines, total, paymentToken: 'tok_ok' };
  };
  const complete = (order: Awaited<ReturnType<typeof place>>) => converse(orders, createAnswering(order));
  const follow = async (orderId: string, options: { lastEventId?: number; at?: string } = {}) => {
    const { at = origin, ...rest } = options;
    const token = await orders.tokenOf(customerId);
    const follower = followEvents({ url: `${at}/api/orders/${orderId}/events`, token, ...rest });
    followers.push(follower);
    return follower;
  };
  const versionsOf = ({ events }: Follower) => events.map(({ id }) => id);
  /** Other suites on the same server may delay the stream, with transactions of their own. */
  const patience = { timeout: 20_000, interval: 10 };
  const upTo = (version: number, after = 0) =>
    Array.from({ length: version - after }, (_, n) => after + n + 1);
  const append = (stream: string, expectedVersion: number, events: readonly OrderEvent[]) =>
    orders.store.transaction(({ tx, now }) => {
      const changes = [{ events, cause: causeOf(newContext(), { kind: 'service', name: 'test' }) }];
      return appendEvents<OrderEvent, OrderTables>(tx, [{ stream, expectedVersion, changes }], now);
    });

  test('begins with what has happened, and goes on with what happens', async () => {
    const order = await place();
    const follower = await follow(order.orderId);
    await expect.poll(() => versionsOf(follower), patience).toEqual([1]);
    await complete(order);
    await expect.poll(() => versionsOf(follower), patience).toEqual(upTo(8));
    expect(follower.events.map(({ event, data }) => [event, data['status']])).toEqual([
      ['placed', 'placed'],
      ['step-recorded', 'placed'],
      ['step-recorded', 'placed'],
      ['confirmed', 'confirmed'],
      ['step-recorded', 'confirmed'],
      ['step-recorded', 'confirmed'],
      ['step-recorded', 'confirmed'],
      ['completed', 'completed'],
    ]);
    const { body } = await orders.ask('GET', `/api/orders/${order.orderId}/history`, { as: customerId });
    expect(follower.events.map(({ data: { status: _, orderId: __, ...entry } }) => entry)).toEqual(
      body.events,
    );
    expect(follower.statuses).toEqual([200]);
  });

  test('stays open after the order is completed, since a delivery or a refund may follow', async () => {
    const order = await place();
    const follower = await follow(order.orderId);
    await complete(order);
    await append(order.orderId, 8, [{ type: 'delivered' }]);
    await expect.poll(() => versionsOf(follower), patience).toEqual(upTo(9));
    expect(follower.events.at(-1)).toMatchObject({ event: 'delivered', data: { status: 'completed' } });
  });

  test('continues after Last-Event-ID', async () => {
    const order = await place();
    await complete(order);
    const follower = await follow(order.orderId, { lastEventId: 6 });
    await expect.poll(() => versionsOf(follower), patience).toEqual([7, 8]);
    expect(follower.events[0]?.data['status']).toBe('confirmed');
    const seenAll = await follow(order.orderId, { lastEventId: 8 });
    await append(order.orderId, 8, [{ type: 'delivered' }]);
    await expect.poll(() => versionsOf(seenAll), patience).toEqual([9]);
  });

  test('has the events of older releases', async () => {
    const { parked } = oldRows.views;
    const token = await orders.tokenOf(uuid(), 'administrator');
    const follower = followEvents({ url: `${origin}/api/orders/${parked.orderId}/events`, token });
    followers.push(follower);
    await expect.poll(() => versionsOf(follower), patience).toEqual(upTo(12));
  });

  test.each(['x', '-1', '1.5', '9', '99999999999', '1, 2', '٣'])(
    'Last-Event-ID %s is refused',
    async (lastEventId) => {
      const { orderId } = await place();
      const { status, body } = await orders.ask('GET', `/api/orders/${orderId}/events`, {
        as: customerId,
        headers: { 'last-event-id': lastEventId },
      });
      expect([status, body.errors[0].field]).toEqual([400, 'headers.last-event-id']);
    },
  );

  test('is refused to other customers, and without a token', async () => {
    const { orderId } = await place();
    const url = `/api/orders/${orderId}/events`;
    expect((await orders.ask('GET', url, { as: uuid() })).status).toBe(404);
    expect((await orders.ask('GET', url)).status).toBe(401);
    expect((await orders.ask('GET', `/api/orders/${uuid()}/events`, { as: customerId })).status).toBe(404);
  });

  test('a HEAD request opens no stream', async () => {
    const { orderId } = await place();
    const token = await orders.tokenOf(customerId);
    const response = await fetch(`${origin}/api/orders/${orderId}/events`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${token}` },
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });

  /** A process of its own within this one, with other limits, on the same database. */
  const openInstance = async (limits: Parameters<typeof createOrderStreams>[1]) => {
    const queries: string[] = [];
    const db = orders.store.db.withPlugin({
      transformQuery: ({ node }) => {
        queries.push(node.kind);
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const { log, tokens } = orders;
    const health = createHealth();
    const tail = createEventTail<OrderEvent, OrderTables>(
      { db, onCommit: orders.store.onCommit },
      { format: orderFormat, log },
    );
    const server = await createHttpServer({
      ...{ log, tokens, health },
      api: { title: 'order', description: 'under test' },
      routes: [historyRoutes({ store: { db }, streams: createOrderStreams(tail, limits) })],
    });
    const stages = [
      { name: 'tail', start: () => tail.stop },
      listen(server, health, { HOST: '127.0.0.1', PORT: 0 }),
    ];
    const started = await startInOrder(stages, new AbortController().signal);
    return {
      queries,
      at: originOf(server.server.address()),
      close: () => started.stop(AbortSignal.timeout(5_000)),
    };
  };

  test('two hundred streams cost no query each, and each gets every version once', async () => {
    const placed = await Promise.all(Array.from({ length: 50 }, place));
    const instance = await openInstance({});
    const open = await Promise.all(
      Array.from({ length: 200 }, (_, n) => follow(placed[n % 50]?.orderId ?? '', { at: instance.at })),
    );
    await expect.poll(() => open.every(({ events }) => events.length === 1), patience).toBe(true);
    instance.queries.splice(0);
    const began = performance.now();
    await converse(orders, {
      ...createAnswering(placed[0] as (typeof placed)[number]),
      answer: (published) =>
        placed
          .map((order) => answers.get(order.orderId) ?? answerTo(order))
          .map(({ answer, orderId }) => (published.subject === orderId ? answer(published) : undefined))
          .find((reply) => reply !== undefined),
    });
    await expect.poll(() => open.every(({ events }) => events.length === 8), patience).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const seconds = (performance.now() - began) / 1_000;
    for (const follower of open) expect(versionsOf(follower)).toEqual(upTo(8));
    // At most one read each 50 ms while there are commits, with a look at what cannot be read yet; none per stream.
    expect(instance.queries.length).toBeLessThan(2 * seconds * 20);
    instance.queries.splice(0);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(instance.queries.length).toBeLessThan(10);
    await instance.close();
  });

  const answers = new Map<string, ReturnType<typeof createAnswering> & { orderId: string }>();
  const answerTo = (order: Awaited<ReturnType<typeof place>>) => {
    const answering = { ...createAnswering(order), orderId: order.orderId };
    answers.set(order.orderId, answering);
    return answering;
  };

  test('more streams than the limit are refused; one that ends makes room', async () => {
    const { orderId } = await place();
    const instance = await openInstance({ maxOpen: 2 });
    const [first, second] = [
      await follow(orderId, { at: instance.at }),
      await follow(orderId, { at: instance.at }),
    ];
    await expect.poll(() => [first, second].map(versionsOf), patience).toEqual([[1], [1]]);
    const token = await orders.tokenOf(customerId);
    const ask = () =>
      fetch(`${instance.at}/api/orders/${orderId}/events`, { headers: { authorization: `Bearer ${token}` } });
    const refused = await ask();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ type: 'urn:emporium:problem:too-many-streams' });
    await first.stop();
    await expect
      .poll(async () => {
        const { status, body } = await ask();
        await body?.cancel();
        return status;
      }, patience)
      .toBe(200);
    await instance.close();
  });

  test('heartbeats come while nothing happens, and the stream ends when it is old', async () => {
    const { orderId } = await place();
    const instance = await openInstance({ heartbeatMs: 50, maxAgeMs: 600 });
    const token = await orders.tokenOf(customerId);
    const url = `${instance.at}/api/orders/${orderId}/events`;
    const follower = followEvents({ url, token, reconnects: false });
    await follower.done;
    expect(follower.comments()).toBeGreaterThan(5);
    expect(follower.comments()).toBeLessThan(15);
    expect(versionsOf(follower)).toEqual([1]);
    await instance.close();
  });

  test('a client that does not read is disconnected, and misses nothing when it comes again', async () => {
    const { orderId } = await place();
    const token = await orders.tokenOf(customerId);
    const asked: ClientRequest = request(`${origin}/api/orders/${orderId}/events`, {
      headers: { authorization: `Bearer ${token}` },
    }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage]; // the event's only argument
    let text = '';
    response.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    response.on('error', () => undefined);
    response.pause();
    const closed = new Promise((resolve) => response.once('close', resolve));
    const fast = await follow(orderId);
    const reason = 'x'.repeat(60_000);
    const big: OrderEvent = { type: 'step-recorded', step: 'reserve', outcome: 'done', reason };
    let version = 1;
    for (let round = 0; round < 40; round += 1) {
      await append(orderId, version, Array(20).fill(big));
      version += 20;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await expect.poll(() => fast.events.length, { timeout: 30_000 }).toBe(version);
    expect(versionsOf(fast)).toEqual(upTo(version));
    response.resume();
    await closed;
    const seen = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    const complete = text.endsWith('\n\n') ? seen : seen.slice(0, -1);
    expect(complete).toEqual(upTo(complete.length));
    expect(complete.length).toBeLessThan(version);
    const resumed = await follow(orderId, { lastEventId: complete.length });
    await expect.poll(() => resumed.events.length, { timeout: 30_000 }).toBe(version - complete.length);
    expect(versionsOf(resumed)).toEqual(upTo(version, complete.length));
  });

  test('all streams end at once when the server drains', async () => {
    const { orderId } = await place();
    const instance = await openInstance({});
    const token = await orders.tokenOf(customerId);
    const url = `${instance.at}/api/orders/${orderId}/events`;
    const open = Array.from({ length: 20 }, () => followEvents({ url, token, reconnects: false }));
    await expect.poll(() => open.map(versionsOf), patience).toEqual(Array(20).fill([1]));
    const began = performance.now();
    await instance.close();
    await Promise.all(open.map(({ done }) => done));
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(orders.lines.filter((line) => /"log.level":"(error|fatal)"/.test(line))).toEqual([]);
  });

  test('when everybody has left, nothing is read any more', async () => {
    const { orderId } = await place();
    const instance = await openInstance({});
    const follower = await follow(orderId, { at: instance.at });
    await expect.poll(() => versionsOf(follower), patience).toEqual([1]);
    await follower.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));
    instance.queries.splice(0);
    await sql`select 1`.execute(orders.store.db);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(instance.queries).toEqual([]);
    await instance.close();
  });
});
