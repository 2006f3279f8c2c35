import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type DeadLetter, maxBodyBytes, truncatedBodyBytes, unstorable } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import { hostileBytes, hostileHeaders } from '@emporium/hostile-inputs';
import { canStart } from '@emporium/servers';
import type { Options } from 'amqplib';
import { describe, expect, test, vi } from 'vitest';
import { readDeadLetter } from '../src/consumer/read-dead-letter.ts';
import { aSubscription, collect, createLog, exchange, until, withRabbitmq } from './with-rabbitmq.ts';

const rabbitmq = await canStart('rabbitmq');

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const routingKey = 'user.registered.0';

const typed = (type: string, value: unknown) => ({ '!': type, value });

/** Properties of a message that a third party may set. */
const properties: readonly [string, Options.Publish][] = [
  ...hostileHeaders.map(({ name, header, value }): [string, Options.Publish] => [
    name,
    { headers: { [header]: value instanceof Uint8Array ? Buffer.from(value) : value } },
  ]),
  ['our attempt as a table of tables', { headers: { 'emporium-attempt': { a: { b: [{ c: null }] } } } }],
  ['our attempt as a timestamp', { headers: { 'emporium-attempt': typed('timestamp', 5) } }],
  [
    'our failure at the last timestamp',
    { headers: { 'emporium-failed-at': typed('timestamp', 2n ** 64n - 1n) } },
  ],
  [
    'our remaining time for ever, as a number that is not whole',
    { headers: { 'emporium-remaining': 1e300 } },
  ],
  ['our remaining time as null', { headers: { 'emporium-remaining': null } }],
  ['our key as a table', { headers: { 'emporium-key': { a: 1 } } }],
  ['our key as null', { headers: { 'emporium-key': null } }],
  ['our size as a text', { headers: { 'emporium-truncated-from': 'big' } }],
  ['our size below zero', { headers: { 'emporium-truncated-from': -1 } }],
  ['a code without a reason', { headers: { 'emporium-code': 'A\u0000B', 'emporium-reason': null } }],
  ['a death that is no table', { headers: { 'x-death': [null, 'a'] } }],
  ['a death at no time', { headers: { 'x-death': [{ queue: null, reason: 5, time: 'now' }] } }],
  [
    'a death in the year -271821',
    { headers: { 'x-death': [{ reason: 'rejected', time: typed('int64', -(2n ** 60n)) }] } },
  ],
  [
    'every type of a table',
    {
      headers: {
        a: typed('uint8', 255),
        b: typed('int16', -1),
        c: typed('uint16', 1),
        d: typed('uint32', 1),
        e: typed('float', 1.5),
        f: typed('decimal', { places: 2, digits: 150 }),
        g: Buffer.from([0, 255]),
        h: typed('int64', 2n ** 63n - 1n),
      },
    },
  ],
  ['a timestamp that is no time', { timestamp: 2 ** 53 }],
  ['a timestamp of zero', { timestamp: 0 }],
  ['a type of its own', { type: 'order.placed' }],
  ['a type of NUL characters', { type: '\u0000'.repeat(255) }],
  ['an id of NUL characters', { messageId: '\u0000'.repeat(255) }],
  ['an id of white space', { messageId: ' ' }],
  ['an address to reply to', { replyTo: 'amq.rabbitmq.reply-to.x', correlationId: 'x' }],
  ['an encoding that nobody has', { contentEncoding: 'zstd', contentType: 'image/png', appId: 'x' }],
  ['a user', { userId: 'emporium' }],
  ['the highest priority', { priority: 255, deliveryMode: 1 }],
];

const tooBig = { code: 'bus.message_too_big', message: 'The message is too big' };

describe.skipIf(!rabbitmq.available)(rabbitmq.title('what third parties send over rabbitmq'), () => {
  const { open, withChannel, server } = withRabbitmq();

  const send = (body: Uint8Array, options: Options.Publish = {}) =>
    withChannel((channel) => void channel.publish(exchange, routingKey, Buffer.from(body), options));

  const collectDeadLetters = async () => {
    const deadLetters: DeadLetter[] = [];
    await open().consumeDeadLetters(async (deadLetter) => void deadLetters.push(deadLetter));
    return deadLetters;
  };

  test.each([false, true])(
    'is delivered and set aside once, whatever its properties hold (ordered: %s)',
    async (ordered) => {
      const { log, lines } = createLog();
      const deadLetters = await collectDeadLetters();
      const { came } = await collect(open({ log }), aSubscription({ ordered }), (delivery) =>
        delivery.deadLetter({ code: 'test.never', message: 'never' }),
      );
      await withChannel((channel) => {
        for (const [name, options] of properties)
          channel.publish(exchange, routingKey, Buffer.from(name), options);
      });
      await until(() => expect(came).toHaveLength(properties.length));
      expect(came.every(({ attempt }) => attempt >= 1 && attempt <= 1_000)).toBe(true);
      await until(() => expect(deadLetters).toHaveLength(properties.length));
      for (const deadLetter of deadLetters) {
        expect(deadLetter).toMatchObject({ reason: { code: 'test.never' } });
        expect(unstorable({ ...deadLetter, body: null })).toBeUndefined();
      }
      expect(new Set(deadLetters.map(({ body }) => Buffer.from(body).toString())).size).toBe(
        deadLetters.length,
      );
      expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
    },
  );

  test('ends no connection by headers so deep that their reader has no stack left', async () => {
    const { log, lines } = createLog();
    const { came } = await collect(open({ log }), aSubscription());
    const workerData = { url: server().url, exchange, routingKey, depth: 9_000 };
    const resourceLimits = { stackSizeMb: 200 };
    const thread = new Worker(new URL('./deep-headers.ts', import.meta.url), { workerData, resourceLimits });
    await once(thread, 'exit');
    await until(() =>
      expect(came.map(({ body }) => Buffer.from(body).toString())).toEqual(['deep table', 'deep list']),
    );
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('is taken from the dead letters, whatever its properties hold', async () => {
    const deadLetters = await collectDeadLetters();
    await withChannel((channel) => {
      for (const [name, options] of properties) {
        channel.publish('dead-letters', 'A\u0000B', Buffer.from(name), options);
      }
    });
    await until(() => expect(deadLetters).toHaveLength(properties.length));
    for (const deadLetter of deadLetters) {
      expect(unstorable({ ...deadLetter, body: null })).toBeUndefined();
      expect(Date.parse(deadLetter.failedAt)).toBeGreaterThanOrEqual(0);
      expect(deadLetter.attempts).toBeLessThanOrEqual(1_000);
      expect(deadLetter.reason.message.length).toBeLessThanOrEqual(500);
    }
  });

  test.each<[string, boolean, (delivery: Delivery) => Promise<void>]>([
    ['', false, (delivery) => delivery.deadLetter(tooBig)],
    [' in an ordered subscription', true, (delivery) => delivery.deadLetter(tooBig)],
    [' although it was to be retried', false, (delivery) => delivery.retry(50)],
  ])(
    'is set aside at once with its size where it is too big%s, and what follows is handled',
    async (_, ordered, settle) => {
      const listening = aSubscription({ ordered });
      const deadLetters = await collectDeadLetters();
      const handled: string[] = [];
      const { came } = await collect(open(), listening, (delivery) => {
        if (delivery.body.byteLength > maxBodyBytes) return settle(delivery);
        handled.push(delivery.id);
        return delivery.ack();
      });
      const start = performance.now();
      const bytes = [maxBodyBytes + 1, 5_000_000, 30_000_000];
      for (const size of bytes) await send(Buffer.alloc(size, 'x'), { messageId: `big-${size}` });
      await send(Buffer.alloc(maxBodyBytes), { messageId: 'largest' });
      await send(Buffer.from('small'), { messageId: 'small' });
      await until(() => expect(handled).toEqual(['largest', 'small']));
      await until(() => expect(deadLetters).toHaveLength(bytes.length));
      expect(performance.now() - start).toBeLessThan(15_000);
      for (const [index, deadLetter] of deadLetters.entries()) {
        expect(deadLetter).toMatchObject({
          id: `big-${bytes[index]}`,
          subscription: listening.name,
          reason: { code: 'bus.message_too_big' },
          attempts: 1,
          truncatedFrom: bytes[index],
        });
        expect(deadLetter.body).toHaveLength(truncatedBodyBytes);
      }
      expect(came).toHaveLength(bytes.length + 2);
    },
  );

  test('is cut also where the broker itself set it aside', async () => {
    const deadLetters = await collectDeadLetters();
    await withChannel(
      (channel) => void channel.publish('dead-letters', 'email.orders', Buffer.alloc(5_000_000)),
    );
    await until(() => expect(deadLetters).toHaveLength(1));
    expect(deadLetters[0]).toMatchObject({ truncatedFrom: 5_000_000, subscription: 'email.orders' });
  });

  test('any bytes arrive as they were', async () => {
    const { came } = await collect(open(), aSubscription());
    for (const { value } of hostileBytes) await send(value);
    await until(() => expect(came).toHaveLength(hostileBytes.length));
    for (const [index, { value }] of hostileBytes.entries()) {
      expect(Buffer.compare(Buffer.from(came[index]?.body ?? []), Buffer.from(value))).toBe(0);
    }
  });

  test('an expired message is a dead letter of the broker, which says so', async () => {
    const listening = aSubscription();
    const { consumer } = await collect(open(), listening);
    await consumer.stop();
    const deadLetters = await collectDeadLetters();
    await send(Buffer.from('late'), { expiration: '1' });
    await until(() => expect(deadLetters).toHaveLength(1));
    expect(deadLetters[0]).toMatchObject({
      subscription: listening.name,
      position: `queue ${listening.name}`,
      reason: { code: 'bus.refused', message: expect.stringContaining('expired') },
    });
  });

  test('a dead letter of the broker is the same one at each delivery', async () => {
    const listening = aSubscription();
    const { consumer } = await collect(open(), listening);
    await consumer.stop();
    await send(Buffer.from('anonymous'), { expiration: '1' });
    const seen: DeadLetter[] = [];
    await withChannel(async (channel) => {
      await until(async () => {
        const raw = await channel.get('dead-letters');
        if (raw !== false) {
          seen.push(readDeadLetter(raw));
          channel.nack(raw);
        }
        expect(seen).toHaveLength(3);
        await new Promise((resolve) => setTimeout(resolve, 300));
      });
      await channel.purgeQueue('dead-letters');
    });
    expect(new Set(seen.map(({ id, failedAt }) => `${id} ${failedAt}`)).size).toBe(1);
    expect(Math.abs(Date.now() - Date.parse(seen[0]?.failedAt ?? ''))).toBeLessThan(30_000);
  });
});
