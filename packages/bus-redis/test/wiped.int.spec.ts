import type { Transport } from '@emporium/bus';
import { aMessage, anEvent, anOrderedSubscription, aSubscription } from '@emporium/bus-testing';
import { createRegistry } from '@emporium/contracts';
import { canStart, type RedisServer, startRedis } from '@emporium/servers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRedisTransport } from '../src/index.ts';

const { available, title } = await canStart('redis');

describe.skipIf(!available)(title('the redis transport on a server that lost what was declared'), () => {
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
    const transport = createRedisTransport({ url: server.url, timeoutMs: 1_000 });
    opened.push(transport);
    return transport;
  };

  const until = (assertion: () => void | Promise<void>, timeout = 15_000) =>
    vi.waitFor(assertion, { timeout, interval: 50 });

  const unroutable = { status: 'refused', error: { code: 'bus.unroutable', settle: 'retry' } };

  test('a mandatory event without a subscription is refused, and an optional one is not', async () => {
    const happened = anEvent();
    const [result, other] = await open().publish([
      { ...aMessage(happened), mandatory: true },
      aMessage(happened),
    ]);
    expect(result).toMatchObject(unroutable);
    expect(other).toEqual({ status: 'accepted' });
  });

  test.each<[string, (redis: Redis, name: string, type: string) => Promise<unknown>]>([
    ['everything', (on) => on.flushall()],
    ['its streams', async (on, name) => on.del(...(await on.keys(`bus:queue:${name}*`)))],
    ['the list of subscriptions', (on) => on.del('bus:subscriptions')],
    ['its bindings', (on, name, type) => on.del(`bus:types:${name}`, `bus:listeners:${type}`)],
    ['who listens to the type', (on, _, type) => on.del(`bus:listeners:${type}`)],
    [
      'its groups',
      async (on, name) => {
        const queues = await on.keys(`bus:queue:${name}*`);
        await Promise.all(queues.map((queue) => on.xgroup('DESTROY', queue, 'instances')));
      },
    ],
  ])(
    'idle consumers create %s again, and no mandatory event is lost meanwhile',
    async (_, remove) => {
      const happened = anEvent();
      const [unordered, ordered] = [aSubscription(happened), anOrderedSubscription(happened)];
      const consuming = open();
      const delivered = new Map([unordered, ordered].map(({ name }) => [name, new Set<string>()]));
      for (const subscription of [unordered, ordered]) {
        await consuming.subscribe(
          subscription,
          async (delivery) => {
            delivered.get(subscription.name)?.add(delivery.id);
            await delivery.ack();
          },
          { concurrency: 4 },
        );
      }
      const publishing = open();
      const accepted: string[] = [];
      const publish = async (): Promise<boolean> => {
        const message = { ...aMessage(happened), mandatory: true };
        const [result] = await publishing.publish([message]);
        if (result?.status === 'accepted') accepted.push(message.id);
        return result?.status === 'accepted';
      };
      expect(await publish()).toBe(true);
      await until(() => expect([...delivered.values()].map(({ size }) => size)).toEqual([1, 1]));

      await remove(redis, ordered.name, happened.type);
      await remove(redis, unordered.name, happened.type);

      // As the relay does.
      await until(async () => expect(await publish()).toBe(true));
      for (let index = 0; index < 20; index += 1) await publish();
      await until(() => {
        for (const ids of delivered.values()) expect(accepted.filter((id) => !ids.has(id))).toEqual([]);
      });
    },
    40_000,
  );

  test('while only one of two subscriptions is back, no mandatory event is accepted', async () => {
    const happened = anEvent();
    const [here, away] = [aSubscription(happened), aSubscription(happened)];
    const registry = createRegistry({ contracts: [happened], subscriptions: [here, away] });
    const transport = open();
    await transport.topology(registry).apply();
    const event = () => ({ ...aMessage(happened), mandatory: true });
    expect(await transport.publish([event()])).toEqual([{ status: 'accepted' }]);
    await redis.flushall();
    await transport.topology(createRegistry({ contracts: [happened], subscriptions: [here] })).apply();
    expect(await transport.publish([event()])).toMatchObject([unroutable]);
    expect(await redis.xlen(`bus:queue:${here.name}`)).toBe(0);
    await transport.topology(registry).apply();
    expect(await transport.publish([event()])).toEqual([{ status: 'accepted' }]);
  });

  test('a message that is refused is in no queue, so that a second publish makes no second copy', async () => {
    const happened = anEvent();
    const [here, gone] = [aSubscription(happened), aSubscription(happened)];
    const transport = open();
    await transport.topology(createRegistry({ contracts: [happened], subscriptions: [here, gone] })).apply();
    await redis.del(`bus:queue:${gone.name}`);
    const message = { ...aMessage(happened), mandatory: true };
    expect(await transport.publish([message])).toMatchObject([unroutable]);
    expect(await redis.xlen(`bus:queue:${here.name}`)).toBe(0);
  });

  test('dead letters are consumed again, too', async () => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    const transport = open();
    const deadLetters: string[] = [];
    await transport.consumeDeadLetters(async ({ id }) => void deadLetters.push(id));
    await redis.flushall();
    await transport.subscribe(
      subscription,
      (one) => one.deadLetter({ code: 'test.broken', message: 'broken' }),
      {
        concurrency: 1,
      },
    );
    await transport.publish([aMessage(happened, { id: 'a' })]);
    await until(() => expect(deadLetters).toEqual(['a']));
  });
});
