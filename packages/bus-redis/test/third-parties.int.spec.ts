import { consume, type DeadLetter, maxBodyBytes, type Transport, truncatedBodyBytes } from '@emporium/bus';
import { aMessage, anEvent, anOrderedSubscription, aSubscription } from '@emporium/bus-testing';
import { createRegistry } from '@emporium/contracts';
import { hostileBytes, hostileHeaders } from '@emporium/hostile-inputs';
import { canStart, type RedisServer, startRedis } from '@emporium/servers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRedisTransport } from '../src/index.ts';

const { available, title } = await canStart('redis');

const silent = { info: () => {}, warn: () => {}, error: () => {} };

describe.skipIf(!available)(title('what third parties write into the streams of the redis transport'), () => {
  let server: RedisServer;
  let redis: Redis;
  const opened: Transport[] = [];

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });

  afterAll(async () => {
    redis?.disconnect();
    await server?.stop();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
    await redis.flushall();
  });

  const open = (): Transport => {
    const transport = createRedisTransport({ url: server.url, timeoutMs: 2_000 });
    opened.push(transport);
    return transport;
  };

  const until = (assertion: () => void | Promise<void>, timeout = 15_000) =>
    vi.waitFor(assertion, { timeout, interval: 20 });

  /** A service with its pipeline, and its dead letters. */
  const started = async (ordered: boolean) => {
    const happened = anEvent();
    const subscription = ordered ? anOrderedSubscription(happened) : aSubscription(happened);
    const registry = createRegistry({ contracts: [happened], subscriptions: [subscription] });
    const transport = open();
    const [handled, unreadable, deadLetters]: [string[], string[], DeadLetter[]] = [[], [], []];
    const consumer = await consume({
      transport,
      registry,
      subscription,
      handles: [happened],
      run: async ({ id }) => void handled.push(id),
      onUnreadable: async ({ reason }) => void unreadable.push(reason.code),
      probe: async () => {},
      limits: { concurrency: 4 },
      log: silent,
    });
    await transport.consumeDeadLetters(async (letter) => void deadLetters.push(letter));
    const queue = `bus:queue:${subscription.name}${ordered ? ':0' : ''}`;
    return { subscription, transport, consumer, handled, unreadable, deadLetters, queue };
  };

  const entries: [string, (string | Buffer)[]][] = [
    ['no field of ours', ['hello', 'world']],
    ['names and values that are empty', ['', '']],
    ['a body that occurs twice', ['body', 'a', 'body', 'b']],
    ['our fields, each twice', ['emporium-attempt', '1', 'emporium-attempt', '1', 'body', 'x']],
    ['an attempt beyond all bounds', ['emporium-attempt', '99999999999999999999999999', 'body', 'x']],
    ['an attempt of bytes', ['emporium-attempt', Buffer.from([0, 255, 254]), 'body', 'x']],
    ['invalid facts of a dead letter', ['emporium-letter', '{', 'body', 'x']],
    ['more fields than one call takes', Array.from({ length: 20_000 }, (_, index) => `f${index % 1_000}`)],
    ['a huge about', ['emporium-about', 'a '.repeat(100_000), 'body', 'x']],
    ['an about of bytes', ['emporium-about', Buffer.from([0, 32, 0, 32, 255]), 'body', 'x']],
    ...hostileHeaders.map(({ name, header, value }): [string, (string | Buffer)[]] => [
      `a field with ${name}`,
      [header, value instanceof Uint8Array ? Buffer.from(value) : String(value), 'body', 'x'],
    ]),
    ...hostileBytes.map(({ name, value }): [string, (string | Buffer)[]] => [
      `a body that is ${name}`,
      ['body', Buffer.from(value)],
    ]),
  ];

  test.each([false, true])(
    'is dead-lettered once with its reason and position, whatever it is, and the messages behind it are handled (ordered: %s)',
    async (ordered) => {
      const { handled, unreadable, deadLetters, queue, subscription, consumer } = await started(ordered);
      const places: string[] = [];
      for (const [, fields] of entries)
        places.push(`${queue}/${String(await redis.xadd(queue, '*', ...fields))}`);

      await until(() => expect(deadLetters.length).toBeGreaterThanOrEqual(entries.length), 30_000);

      expect(deadLetters.map(({ position }) => position).toSorted()).toEqual(places.toSorted());
      expect(new Set(deadLetters.map(({ id }) => id)).size).toBe(entries.length);
      expect(unreadable).toHaveLength(entries.length);
      for (const letter of deadLetters) {
        expect(letter.subscription).toBe(subscription.name);
        expect(letter.reason.code).toMatch(/^bus\.(invalid_message|message_too_big|unknown)/);
      }
      expect(handled).toEqual([]);
      expect(await redis.xlen(queue)).toBe(0);
      expect(consumer.status()).toEqual({ state: 'working' });
    },
    60_000,
  );

  test.each([false, true])(
    'and is over the limit is dead-lettered with its size and the beginning of its body (ordered: %s)',
    async (ordered) => {
      const { deadLetters, queue } = await started(ordered);
      const body = Buffer.alloc(maxBodyBytes + 1_000, 'x');
      const entry = await redis.xadd(queue, '*', 'body', body);
      await until(() => expect(deadLetters).toHaveLength(1));
      expect(deadLetters[0]).toMatchObject({
        truncatedFrom: body.byteLength,
        position: `${queue}/${entry}`,
        reason: { code: 'bus.message_too_big', message: expect.stringContaining(String(body.byteLength)) },
      });
      expect(deadLetters[0]?.body.byteLength).toBe(truncatedBodyBytes);
    },
  );

  test('among the dead letters is consumed once, whatever it contains, and blocks nothing', async () => {
    const { deadLetters, transport } = await started(false);
    const queue = 'bus:queue:dead-letters';
    const odd = [
      'null',
      '[]',
      '{',
      '"text"',
      '{"attempts":2147483648}',
      '{"attempts":-1,"failedAt":"-271821-04-20T00:00:00.000Z"}',
      '{"subscription":null,"code":{},"message":"A\\u0000\\ud800"}',
      '{"message":"A\\u0000B","truncatedFrom":"many"}',
      `{"message":"${'x'.repeat(30_000)}"}`,
    ];
    for (const letter of odd) await redis.xadd(queue, '*', 'emporium-letter', letter, 'body', 'x');
    await redis.xadd(queue, '*', 'hello', 'world');
    await redis.xadd(queue, '*', 'body', Buffer.alloc(maxBodyBytes + 1));
    await until(() => expect(deadLetters).toHaveLength(odd.length + 2));
    for (const { attempts, failedAt, reason } of deadLetters) {
      expect(attempts).toBeGreaterThanOrEqual(1);
      expect(attempts).toBeLessThanOrEqual(1_000);
      expect(failedAt).toMatch(/^20\d\d-/);
      expect(reason.message.length).toBeLessThanOrEqual(500);
      expect(reason.message).not.toMatch(/[\0\ud800-\udfff]/u);
    }
    expect(transport.status()).toEqual({ state: 'up' });
  });

  test('among the messages that wait for their next attempt is dead-lettered, and the others are delivered', async () => {
    const { deadLetters, subscription } = await started(false);
    const delayed = `bus:delayed:${subscription.name}`;
    await redis.zadd(delayed, 1, 'rubbish', 2, Buffer.from([0xc1, 0xff]), 3, Buffer.from([0x93, 1, 2, 3]));
    await until(() => expect(deadLetters).toHaveLength(3));
    expect(await redis.zcard(delayed)).toBe(0);
  });

  test('in place of the retry of a first message is ignored', async () => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await redis.hset(
      `bus:held:${subscription.name}`,
      '0',
      'a b c',
      '1',
      '',
      '2',
      'x 1e999 1e999',
      '3',
      '1-0 -7 soon',
    );
    const transport = open();
    const delivered: string[] = [];
    await transport.subscribe(
      subscription,
      async (delivery) => {
        delivered.push(delivery.key);
        await delivery.ack();
      },
      { concurrency: 8 },
    );
    const keys = Array.from({ length: 40 }, (_, number) => String(number));
    await transport.publish(keys.map((key) => aMessage(happened, { key })));
    await until(() => expect(delivered).toHaveLength(40));
  });

  test.each([false, true])(
    'in place of a queue makes its consumer report that it is stuck, and where, once in the log (ordered: %s)',
    async (ordered) => {
      const happened = anEvent();
      const subscription = ordered ? anOrderedSubscription(happened) : aSubscription(happened);
      const other = aSubscription(happened);
      const logged: string[] = [];
      const log = { ...silent, error: (_: object, text: string) => logged.push(text) };
      const transport = createRedisTransport({ url: server.url, timeoutMs: 1_000, log });
      opened.push(transport);
      const consumer = await transport.subscribe(subscription, (one) => one.ack(), { concurrency: 1 });
      const otherEvent = anEvent();
      const fine = aSubscription(otherEvent);
      await transport.subscribe(fine, (one) => one.ack(), { concurrency: 1 });
      await transport.subscribe(other, (one) => one.ack(), { concurrency: 1 });
      const queue = `bus:queue:${subscription.name}`;
      await redis.set(ordered ? `${queue}:0` : queue, 'a text');

      const stuck = { state: 'stuck', reason: expect.stringContaining('WRONGTYPE'), position: queue };
      await until(() => expect(consumer.status()).toMatchObject(stuck), 20_000);
      expect(logged.length).toBeLessThan(5);
      // What is for others is not refused with what is for this one.
      const messages = Array.from({ length: 8 }, (_, index) =>
        aMessage(index % 2 === 0 ? happened : otherEvent, { key: '22' }),
      );
      const results = await transport.publish(messages);
      expect(results.filter((_, index) => index % 2 === 1).every(({ status }) => status === 'accepted')).toBe(
        true,
      );

      await redis.del(ordered ? `${queue}:0` : queue);
      await until(() => expect(consumer.status()).toEqual({ state: 'working' }));
      // The consumer declares a partition again within a second or two.
      await until(async () =>
        expect(await transport.publish([aMessage(happened)])).toEqual([{ status: 'accepted' }]),
      );
    },
    60_000,
  );
});
