import { orderPlaced } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { Webhook } from 'standardwebhooks';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { after, never, ok, type Receiver, startReceiver, status } from './support/receiver.ts';
import { type Bridge, bytesOf, completed, openBridge } from './support/webhooks.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('webhooks'), () => {
  let bridge: Bridge;
  const receivers: Receiver[] = [];
  beforeAll(async () => {
    bridge = await openBridge(postgres.url, { schedule: [0, 50, 50, 50], timeoutMs: 500 });
    await bridge.start();
  });
  afterAll(async () => {
    await Promise.all(receivers.map((receiver) => receiver.close()));
    await bridge?.close();
  });

  const receiver = async (...answer: Parameters<typeof startReceiver>) => {
    const started = await startReceiver(...answer);
    receivers.push(started);
    return started;
  };
  const registered = async (...answer: Parameters<typeof startReceiver>) => {
    const started = await receiver(...answer);
    const { id, secret } = await bridge.register(started.url, ['order.completed']);
    return { id, secret, receiver: started };
  };
  const disable = (id: string) => bridge.request('PUT', `/${id}`, { enabled: false });
  const settled = async (id: string) => {
    await expect.poll(() => bridge.deliveries(id, 'status=pending')).toEqual([]);
    const [delivery] = await bridge.deliveries(id);
    return (await bridge.request('GET', `/deliveries/${delivery.id}`)).body;
  };

  test('an event arrives once, signed as the official library verifies it', async () => {
    const { id, secret, receiver } = await registered();
    const event = completed();
    await bridge.handle(event);
    await bridge.handle(event);
    const { history, payload, ...delivery } = await settled(id);
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, lastStatus: 204, eventId: event.id });
    expect(history).toEqual([{ at: expect.any(String), durationMs: expect.any(Number), status: 204 }]);
    expect(receiver.received).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': delivery.id });
    expect(new Webhook(secret).verify(body, headers)).toEqual({
      type: 'order.completed',
      timestamp: event.time.toISOString(),
      data: event.data,
    });
    expect(payload).toEqual(JSON.parse(body));
    await disable(id);
  });

  test('an event that is published in two versions under one id arrives once, in the newest', async () => {
    const { url, received } = await receiver();
    const { id } = await bridge.register(url, ['order.placed']);
    const price = { amount: 500, currency: 'EUR' };
    const line = { sku: 'MUG-1', quantity: 2, unitPrice: price, line: 1 };
    const lines = [{ ...line, lineTotal: { amount: 1_000, currency: 'EUR' } }];
    const grossTotal = { amount: 1_000, currency: 'EUR' };
    for (const order of ['newest first', 'oldest first']) {
      const bodies = bytesOf(orderPlaced, { orderId: uuid(), customerId: uuid(), lines, grossTotal });
      expect(bodies).toHaveLength(2);
      for (const body of order === 'newest first' ? bodies : bodies.toReversed())
        await bridge.handleBytes(body);
    }
    await settled(id);
    expect(received).toHaveLength(2);
    for (const { body } of received)
      expect(JSON.parse(body)).toMatchObject({ type: 'order.placed', data: { lines, grossTotal } });
    await disable(id);
  });

  test('a webhook gets only the types that it wants', async () => {
    const { url, received } = await receiver();
    const { id } = await bridge.register(url, ['order.cancelled']);
    const other = await registered();
    await bridge.handle(completed());
    await settled(other.id);
    expect(await bridge.deliveries(id)).toEqual([]);
    expect(received).toEqual([]);
    await Promise.all([disable(id), disable(other.id)]);
  });

  describe('a receiver that', () => {
    test('answers 500 and then 200 gets the same id again, with the time of the attempt', async () => {
      const { id, secret, receiver } = await registered(status(500, {}, 'no\u0000t \u001b[31mnow'));
      receiver.answer((response, request, received) => {
        status(receiver.received.length < 3 ? 500 : 200, {}, 'no\u0000t \u001b[31mnow')(
          response,
          request,
          received,
        );
      });
      await bridge.handle(completed());
      const { history } = await settled(id);
      expect(history.map((attempt: { status: number }) => attempt.status)).toEqual([500, 500, 200]);
      expect(history[0]).toMatchObject({ reason: 'it answered 500', snippet: 'no t [31mnow' });
      expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
      for (const { body, headers } of receiver.received) new Webhook(secret).verify(body, headers);
      await disable(id);
    });

    test.each<[string, Parameters<typeof startReceiver>[0], RegExp, number | undefined]>([
      ['never answers', never, /^it did not answer within 500 ms$/, undefined],
      ['answers after the timeout', after(900, ok), /^it did not answer within 500 ms$/, undefined],
      ['drips its headers', drip, /^it did not answer within 500 ms$/, undefined],
      [
        'closes the socket',
        (response) => response.socket?.destroy(),
        /^the connection was closed/,
        undefined,
      ],
      [
        'redirects to a private address',
        status(302, { location: 'http://10.0.0.1/secret' }),
        /^it answered 302, a redirect to http:\/\/10\.0\.0\.1\/secret: redirects are not followed$/,
        302,
      ],
      ['answers 301', status(301), /^it answered 301, a redirect: redirects are not followed$/, 301],
      ['answers 404', status(404), /^it answered 404$/, 404],
    ])('%s fails, with the reason, after its schedule', async (_, answer, reason, code) => {
      const { id, receiver } = await registered(answer);
      await bridge.handle(completed());
      const { status: result, attempts, history, lastReason } = await settled(id);
      expect({ result, attempts }).toEqual({ result: 'failed', attempts: 4 });
      expect(lastReason).toMatch(reason);
      expect(history.map((attempt: { status?: number }) => attempt.status)).toEqual(Array(4).fill(code));
      expect(receiver.received).toHaveLength(4);
      expect(await bridge.webhook(id)).toMatchObject({ enabled: true, failingSince: expect.any(String) });
      await disable(id);
    });

    test.each<[string, Parameters<typeof startReceiver>[0]]>([
      [
        'answers 200 with 10 MB',
        (response) => void response.writeHead(200).end(Buffer.alloc(10 * 1_024 * 1_024, 'x')),
      ],
      [
        'answers 200 and drips its body',
        (response) => {
          response.writeHead(200).write('x'.repeat(100));
          const timer = setInterval(() => response.write('x'), 100);
          response.on('close', () => clearInterval(timer));
        },
      ],
    ])('%s has it, and the beginning of the body is shown', async (_, answer) => {
      const { id } = await registered(answer);
      const begin = Date.now();
      await bridge.handle(completed());
      const { status: result, history } = await settled(id);
      expect(result).toBe('delivered');
      expect(history[0].snippet).toMatch(/^x{100,1000}$/);
      expect(Date.now() - begin).toBeLessThan(3_000);
      await disable(id);
    });

    test('answers 410 is disabled at once, and its deliveries wait', async () => {
      const { id, receiver } = await registered(status(410));
      await bridge.handle(completed());
      await expect.poll(() => bridge.webhook(id)).toMatchObject({ enabled: false });
      expect(await bridge.webhook(id)).toMatchObject({
        disabled: { reason: 'it answered 410: it wants no more deliveries' },
        deliveries: { pending: 1 },
        changes: [{ action: 'disabled-by-bridge', userId: 'bridge' }, { action: 'created' }],
      });
      expect(bridge.lines.some((line) => line.includes('webhook disabled') && line.includes(id))).toBe(true);
      await bridge.handle(completed());
      expect(await bridge.deliveries(id)).toHaveLength(1);
      receiver.answer(ok);
      await bridge.request('PUT', `/${id}`, { enabled: true });
      expect(await settled(id)).toMatchObject({ status: 'delivered' });
      expect(await bridge.webhook(id)).not.toHaveProperty('disabled');
      await disable(id);
    });

    test('answers 410 when its webhook has another URL already is not what is disabled', async () => {
      const { id, receiver: former } = await registered(after(400, status(410)));
      await bridge.handle(completed());
      await expect.poll(() => former.received).toHaveLength(1);
      const next = await receiver();
      await bridge.request('PUT', `/${id}`, { url: next.url });
      expect(await settled(id)).toMatchObject({ status: 'delivered', attempts: 1 });
      expect(next.received).toHaveLength(1);
      const webhook = await bridge.webhook(id);
      expect(webhook).toMatchObject({ enabled: true });
      expect(webhook).not.toHaveProperty('failingSince');
      await disable(id);
    });

    test('answers 429 with Retry-After gets nothing before that time', async () => {
      const { id, receiver } = await registered(status(429, { 'retry-after': '1' }));
      await bridge.handle(completed());
      await expect.poll(() => bridge.webhook(id)).toHaveProperty('throttledUntil');
      await bridge.handle(completed());
      receiver.answer(ok);
      await settled(id);
      expect(receiver.received).toHaveLength(3);
      const [first, ...later] = receiver.received.map(({ at }) => at);
      expect(Math.min(...later) - (first ?? 0)).toBeGreaterThanOrEqual(1_000);
      await disable(id);
    });
  });
});

const drip: NonNullable<Parameters<typeof startReceiver>[0]> = (response) => {
  const { socket } = response;
  socket?.write('HTTP/1.1 200 OK\r\nx-a: ');
  const timer = setInterval(() => socket?.write('a'), 100);
  socket?.on('error', () => undefined);
  socket?.on('close', () => clearInterval(timer));
};
