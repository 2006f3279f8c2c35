import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import {
  aCommand,
  aMessage,
  anEvent,
  anOrderedSubscription,
  aSubscription,
  messages,
  textOf,
} from '@emporium/bus-testing';
import { createRegistry, type Subscription } from '@emporium/contracts';
import { canStart, type RedisServer, startRedis } from '@emporium/servers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRedisTransport } from '../src/index.ts';

const { available, title } = await canStart('redis');

const happened = anEvent();

describe.skipIf(!available)(title('the redis transport and its server'), () => {
  let server: RedisServer;
  let redis: Redis;
  const opened: Transport[] = [];

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    redis.on('error', () => {}); // some tests take the server away
  });

  afterAll(async () => {
    redis?.disconnect();
    await server?.stop();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
  });

  const open = (options: { timeoutMs?: number; log?: Log } = {}): Transport => {
    const transport = createRedisTransport({ url: server.url, ...options });
    opened.push(transport);
    return transport;
  };

  const registryOf = (...subscriptions: Subscription[]) =>
    createRegistry({ contracts: [...new Set(subscriptions.flatMap(({ to }) => to))], subscriptions });

  const collect = async (
    transport: Transport,
    from: Subscription,
    deliver: (one: Delivery) => Promise<void> = (one) => one.ack(),
  ) => {
    const delivered: Delivery[] = [];
    const consumer = await transport.subscribe(
      from,
      async (delivery) => {
        delivered.push(delivery);
        await deliver(delivery);
      },
      { concurrency: 10 },
    );
    return { delivered, consumer };
  };

  /** The commands that the server received meanwhile, without those of this test. */
  const callsWithin = async (ms: number): Promise<number> => {
    await redis.config('RESETSTAT');
    await sleep(ms);
    const stats = await redis.info('commandstats');
    const calls = [
      ...stats.matchAll(/cmdstat_(evalsha|xread|xreadgroup|xautoclaim|client\|\w+):calls=(\d+)/g),
    ];
    return calls.reduce((sum, [, , count]) => sum + Number(count), 0);
  };

  const until = (assertion: () => void | Promise<void>, timeout = 15_000) =>
    vi.waitFor(assertion, { timeout, interval: 20 });

  test('a full server refuses publishes with the reason, settles its messages, and accepts publishes when there is room', async () => {
    const [listening, acting] = [aSubscription(happened), aSubscription(aCommand())];
    const logged: string[] = [];
    const log: Log = { info: () => {}, warn: (_, text) => logged.push(text), error: () => {} };
    const transport = open({ timeoutMs: 1_000, log });
    const deadLetters: string[] = [];
    await transport.consumeDeadLetters(async ({ id }) => void deadLetters.push(id));
    let settle = () => {};
    const held = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const { delivered } = await collect(transport, listening, async (delivery) => {
      await held;
      if (delivery.id === 'retried' && delivery.attempt === 1) return delivery.retry(50);
      return delivery.id === 'dead'
        ? delivery.deadLetter({ code: 'test.broken', message: 'broken' })
        : delivery.ack();
    });
    await transport.publish(['acked', 'retried', 'dead'].map((id) => aMessage(happened, { id })));
    await until(() => expect(delivered).toHaveLength(3));

    await redis.config('SET', 'maxmemory', '1');
    try {
      const start = performance.now();
      const [event] = await transport.publish([aMessage(happened, { id: 'during' })]);
      expect(performance.now() - start).toBeLessThan(3_000);
      expect(event).toMatchObject({ status: 'refused', error: { code: 'bus.broker_away', settle: 'pause' } });
      expect(event?.status === 'refused' && event.error.message).toMatch(/takes no publishes: .*maxmemory/);
      expect(transport.status()).toMatchObject({ state: 'blocked', reason: expect.stringContaining('OOM') });
      expect(logged).toContainEqual(expect.stringMatching(/Redis takes no publishes: OOM/));
      // A service that starts now must be able to help.
      await collect(open(), acting);

      settle();
      await until(() => expect(deadLetters).toEqual(['dead']));
      await until(() =>
        expect(delivered.map(({ id, attempt }) => `${id} ${attempt}`)).toContain('retried 2'),
      );
      await until(async () => expect(await redis.xlen(`bus:queue:${listening.name}`)).toBe(0));
      expect(transport.status().state).toBe('blocked');
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    await until(() => expect(transport.status()).toEqual({ state: 'up' }));
    expect(await transport.publish([aMessage(happened, { id: 'after' })])).toEqual([{ status: 'accepted' }]);
    await until(() => expect(delivered.map(({ id }) => id)).toContain('after'));
    expect(delivered.map(({ id }) => id)).not.toContain('during');
  });

  test('a publish waits for room, and is accepted when it comes in time', async () => {
    const transport = open({ timeoutMs: 5_000 });
    await transport.publish([aMessage(happened)]);
    await redis.config('SET', 'maxmemory', '1');
    const publishing = transport.publish([aMessage(happened)]);
    await sleep(300);
    await redis.config('SET', 'maxmemory', '0');
    expect(await publishing).toEqual([{ status: 'accepted' }]);
  });

  test('a message stays in the queue of a subscription until that has acked it', async () => {
    const event = anEvent();
    const [fast, slow, ordered] = [aSubscription(event), aSubscription(event), anOrderedSubscription(event)];
    const transport = open();
    await transport.topology(registryOf(fast, slow, ordered)).apply();
    const one = await collect(transport, fast);
    const other = await collect(transport, ordered);
    await transport.publish(messages(event, 200));
    await until(() => expect([one.delivered.length, other.delivered.length]).toEqual([200, 200]));
    await until(async () => expect(await redis.xlen(`bus:queue:${fast.name}`)).toBe(0));
    expect(await redis.xlen(`bus:queue:${slow.name}`)).toBe(200);

    const late = await collect(transport, slow);
    await until(() => expect(new Set(late.delivered.map(textOf)).size).toBe(200));
    await until(async () => {
      const queues = await Promise.all(
        [fast, slow, ordered].map(({ name }) => redis.keys(`bus:queue:${name}*`)),
      );
      expect(queues.flat()).toHaveLength(10);
      for (const queue of queues.flat()) expect(await redis.xlen(queue), queue).toBe(0);
    });
  });

  test('an ack deletes its own message, in whatever order messages are acked', async () => {
    const listening = aSubscription(happened);
    const [first, second] = [open(), open()];
    const one = await collect(first, listening, async () => {});
    await first.publish(messages(happened, 10)); // as many as one consumer may have
    await until(() => expect(one.delivered).toHaveLength(10));
    const other = await collect(second, listening, async () => {});
    await first.publish(messages(happened, 15));
    await until(() => expect(other.delivered).toHaveLength(10)); // five are nobody's yet

    const queue = `bus:queue:${listening.name}`;
    const left = (await redis.xrange(queue, '-', '+')).map(([entry]) => entry);
    expect(left).toHaveLength(25);
    const ack = async (...deliveries: (Delivery | undefined)[]): Promise<void> => {
      await one.consumer.pause();
      await other.consumer.pause();
      const places = deliveries.map((delivery) => delivery?.position?.split('/')[1]);
      await Promise.all(deliveries.map((delivery) => delivery?.ack()));
      for (const place of places) left.splice(left.indexOf(String(place)), 1);
      expect((await redis.xrange(queue, '-', '+')).map(([entry]) => entry)).toEqual(left);
    };
    await ack(other.delivered[0], other.delivered[3]); // behind a message of the other instance
    await ack(one.delivered[0], one.delivered[1], other.delivered[1]); // before it, and behind it
    await ack(one.delivered[3], one.delivered[2]); // all in front
    await ack(...one.delivered.slice(4), ...other.delivered.slice(4));
    await ack(other.delivered[2]); // the last pending one
    expect(left).toHaveLength(5);

    const rest = await collect(open(), listening);
    await until(() => expect(rest.delivered).toHaveLength(5));
  });

  test('an ack deletes its message even if the group was removed', async () => {
    const listening = aSubscription(happened);
    const transport = open();
    const { delivered, consumer } = await collect(transport, listening, async () => {});
    await transport.publish(messages(happened, 3));
    await until(() => expect(delivered).toHaveLength(3));
    await consumer.pause();
    const queue = `bus:queue:${listening.name}`;
    await redis.xgroup('DESTROY', queue, 'instances');
    await Promise.all(delivered.map((delivery) => delivery.ack()));
    expect(await redis.xlen(queue)).toBe(0);
  });

  test('a delivery that another instance has taken over is aborted, and cannot be settled', async () => {
    const listening = aSubscription(happened);
    const transport = open();
    let ended = false;
    const { delivered } = await collect(transport, listening, ({ signal }) => {
      if (delivered.length > 1) return delivered[1]?.ack() ?? Promise.resolve();
      return new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          ended = true;
          resolve();
        });
      });
    });
    await transport.publish([aMessage(happened, { id: 'taken' })]);
    await until(() => expect(delivered).toHaveLength(1));

    const queue = `bus:queue:${listening.name}`;
    const [entry] = await redis.xrange(queue, '-', '+');
    await redis.xclaim(queue, 'instances', 'rival', 0, String(entry?.[0]));

    await until(() => expect(ended).toBe(true));
    await expect(delivered[0]?.ack()).rejects.toThrow('given back');
    // The rival is a crashed one: it renews nothing.
    await until(() => expect(delivered).toHaveLength(2));
    expect(delivered[1]).toMatchObject({ id: 'taken', attempt: 1 });
  }, 30_000);

  test('every message is delivered once although the connection is lost again and again under load', async () => {
    const listening = aSubscription(happened);
    const transport = open();
    const { delivered } = await collect(transport, listening);
    let sent = 0;
    for (let round = 0; round < 30; round += 1) {
      const publishing = transport.publish(messages(happened, 200));
      sent += 200;
      const clients = String(await redis.client('LIST')).split('\n');
      const reader = clients.find((line) => line.includes(`name=emporium:${listening.name} `));
      const id = reader?.match(/^id=(\d+)/)?.[1];
      if (id !== undefined) await redis.call('CLIENT', 'KILL', 'ID', id);
      await publishing;
    }
    await until(() => expect(new Set(delivered.map(({ id }) => id)).size).toBe(sent));
    expect(delivered).toHaveLength(sent);
  }, 30_000);

  test('instances share the partitions, and the last one owns them all', async () => {
    const ordered = anOrderedSubscription(happened);
    const owned = async (): Promise<number[]> => {
      const owners = Object.values(await redis.hgetall(`bus:owners:${ordered.name}`));
      const counts = [...new Set(owners)].map((owner) => owners.filter((one) => one === owner).length);
      return counts.toSorted();
    };
    await collect(open(), ordered);
    await until(async () => expect(await owned()).toEqual([8]));

    const joining = await collect(open(), ordered);
    await until(async () => expect(await owned()).toEqual([4, 4]));
    await collect(open(), ordered);
    await until(async () => expect(await owned()).toEqual([2, 3, 3]));

    await joining.consumer.stop();
    await until(async () => expect(await owned()).toEqual([4, 4]));
  });

  test('an ordered message keeps its attempts and its delay in another instance', async () => {
    const ordered = anOrderedSubscription(happened);
    const first = open();
    let retriedAt = 0;
    const { delivered } = await collect(first, ordered, async (delivery) => {
      await delivery.retry(delivery.attempt === 1 ? 10 : 1_500);
      retriedAt = performance.now();
    });
    await first.publish([
      aMessage(happened, { key: 'one', body: 'a' }),
      aMessage(happened, { key: 'one', body: 'b' }),
    ]);
    await until(() => expect(delivered).toHaveLength(2));
    await sleep(50);
    await first.close();

    const next = await collect(open(), ordered);
    await until(() => expect(next.delivered).toHaveLength(2));
    expect(performance.now() - retriedAt).toBeGreaterThan(1_490);
    expect(next.delivered.map((one) => `${textOf(one)} ${one.attempt}`)).toEqual(['a 3', 'b 1']);
  });

  test('a queue that was removed is created again by its consumer', async () => {
    const [unordered, ordered] = [aSubscription(happened), anOrderedSubscription(happened)];
    const transport = open();
    const one = await collect(transport, unordered);
    const other = await collect(transport, ordered);
    await redis.flushdb();

    await until(async () => {
      expect((await redis.keys('bus:queue:*')).length).toBeGreaterThanOrEqual(9);
    });
    await transport.publish(messages(happened, 20));
    await until(() => expect([one.delivered.length, other.delivered.length]).toEqual([20, 20]));
  });

  test('a queue that was created again as another kind is logged, without a busy loop', async () => {
    const listening = aSubscription(happened);
    const logged: string[] = [];
    const log: Log = { info: () => {}, warn: () => {}, error: (_, text) => logged.push(text) };
    await collect(open({ log }), listening);
    await redis.multi().flushdb().hset('bus:subscriptions', listening.name, '1').exec();
    await until(() => expect(logged).toContainEqual(expect.stringContaining('as ordered now; start this')));
    expect(await callsWithin(1_000)).toBeLessThan(20);
  });

  test('a message with a delay of weeks is not delivered earlier, and costs nothing meanwhile', async () => {
    const [unordered, ordered] = [aSubscription(happened), anOrderedSubscription(happened)];
    const transport = open();
    const monthMs = 31 * 24 * 3_600_000; // more than one timer can wait
    const consumers = [
      await collect(transport, unordered, (one) => one.retry(monthMs)),
      await collect(transport, ordered, (one) => one.retry(monthMs)),
    ];
    await transport.publish([aMessage(happened)]);
    await until(() => expect(consumers.map(({ delivered }) => delivered.length)).toEqual([1, 1]));
    expect(await callsWithin(1_000)).toBeLessThan(20);
    expect(consumers.map(({ delivered }) => delivered.length)).toEqual([1, 1]);
  });

  test('consumers send few commands while idle or paused, and none after they have stopped', async () => {
    const transport = open();
    const consumers = [
      await collect(transport, aSubscription(happened)),
      await collect(transport, anOrderedSubscription(happened)),
    ];
    await transport.publish(messages(happened, 500));
    await until(() => expect(consumers.map(({ delivered }) => delivered.length)).toEqual([500, 500]));
    expect(await callsWithin(1_000)).toBeLessThan(20);
    for (const { consumer } of consumers) await consumer.pause();
    expect(await callsWithin(1_000)).toBeLessThan(20);
    for (const { consumer } of consumers) await consumer.stop();
    expect(await callsWithin(1_000)).toBe(0);
  });

  test('an event is refused, and not lost, while one of its queues is gone', async () => {
    const listening = aSubscription(happened);
    const transport = open();
    await transport.topology(registryOf(listening)).apply();
    await redis.del(`bus:queue:${listening.name}`);

    const [result] = await transport.publish([aMessage(happened)]);
    expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.refused' } });
    const queue = expect.objectContaining({ action: 'create', what: `queue ${listening.name}` });
    expect(await transport.topology(registryOf(listening)).apply()).toContainEqual(queue);
    expect(await transport.publish([aMessage(happened)])).toEqual([{ status: 'accepted' }]);
  });

  test('prune leaves a queue that has a consumer, and removes it when it has none', async () => {
    const [kept, unordered, ordered] = [
      aSubscription(happened),
      aSubscription(happened),
      anOrderedSubscription(happened),
    ];
    const transport = open();
    await transport.topology(registryOf(kept, unordered, ordered)).apply();
    const consumers = [await collect(transport, unordered), await collect(transport, ordered)];
    const topology = transport.topology(registryOf(kept));
    await until(async () => {
      const left = (await topology.prune()).filter(({ action }) => action === 'conflict');
      expect(left.map(({ what }) => what)).toEqual(
        expect.arrayContaining([`queue ${unordered.name}`, `queue ${ordered.name}`]),
      );
    });

    for (const { consumer } of consumers) await consumer.stop();
    const removed = await topology.prune();

    for (const { name } of [unordered, ordered]) {
      expect(removed).toContainEqual({ action: 'remove', what: `queue ${name}` });
      expect(await redis.keys(`bus:*${name}*`)).toEqual([]);
    }
  });

  test('consumers that stop are removed from the group', async () => {
    const listening = aSubscription(happened);
    const transport = open();
    const { consumer } = await collect(transport, listening);
    await transport.publish(messages(happened, 3));
    await consumer.stop();
    expect(await redis.xinfo('CONSUMERS', `bus:queue:${listening.name}`, 'instances')).toEqual([]);
  });

  test('the permissions in the README are enough to publish, consume and declare', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const permissions = readme.match(/`(~bus:\*[^`]*)`/)?.[1]?.split(/\s+/) ?? [];
    await redis.call('ACL', 'SETUSER', 'service', 'on', '>secret', ...permissions);
    const url = server.url.replace('//:emporium@', '//service:secret@');
    const transport = createRedisTransport({ url, timeoutMs: 2_000 });
    opened.push(transport);
    const [unordered, ordered] = [aSubscription(happened), anOrderedSubscription(happened)];
    await transport.topology(registryOf(unordered, ordered)).apply();
    const retryOnce = (one: Delivery) => {
      if (one.attempt === 1) return one.retry(10);
      return one.key === 'dead' ? one.deadLetter({ code: 'test.broken', message: 'broken' }) : one.ack();
    };
    const deadLetters: string[] = [];
    const consumers = [
      await collect(transport, unordered, retryOnce),
      await collect(transport, ordered, retryOnce),
    ];
    await transport.consumeDeadLetters(async (letter) => void deadLetters.push(letter.subscription));

    await transport.publish(['fine', 'dead'].map((key) => aMessage(happened, { key })));

    await until(() => expect(consumers.map(({ delivered }) => delivered.length)).toEqual([4, 4]));
    await until(() => expect(deadLetters).toEqual(expect.arrayContaining([unordered.name, ordered.name])));
    const start = performance.now();
    for (const { consumer } of consumers) await consumer.stop();
    expect(performance.now() - start).toBeLessThan(1_500);
    await transport.topology(registryOf(unordered, ordered)).prune();
  });

  test('settings that may lose messages are logged once per connection', async () => {
    const logged: string[] = [];
    const log: Log = { info: () => {}, warn: (_, text) => logged.push(text), error: () => {} };
    await redis.config('SET', 'appendfsync', 'everysec');
    try {
      await open({ log }).publish([aMessage(happened)]);
      await until(() => expect(logged).toEqual([expect.stringContaining('appendfsync is everysec')]));
    } finally {
      await redis.config('SET', 'appendfsync', 'always');
    }
  });
});
