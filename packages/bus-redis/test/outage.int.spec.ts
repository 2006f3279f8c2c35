import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import {
  aMessage,
  anEvent,
  anOrderedSubscription,
  aSubscription,
  messages,
  textOf,
} from '@emporium/bus-testing';
import { createRegistry } from '@emporium/contracts';
import { canStart, type RedisServer, startRedis, whileStopped } from '@emporium/servers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRedisTransport } from '../src/index.ts';

const { available, title } = await canStart('redis');

describe.skipIf(!available)(title('the redis transport without its server'), () => {
  let server: RedisServer;
  const opened: Transport[] = [];

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server?.stop());

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
  });

  const open = (options: { timeoutMs?: number; log?: Log } = {}): Transport => {
    const transport = createRedisTransport({ url: server.url, ...options });
    opened.push(transport);
    return transport;
  };

  const until = (assertion: () => void | Promise<void>, timeout = 15_000) =>
    vi.waitFor(assertion, { timeout, interval: 20 });

  const ack = (delivery: Delivery) => delivery.ack();

  test('publishes and subscriptions wait for a server that is down, happen once, and name it in the log', async () => {
    const happened = anEvent();
    const logged: string[] = [];
    const log: Log = {
      info: (_, text) => logged.push(text),
      warn: (_, text) => logged.push(text),
      error: (_, text) => logged.push(text),
    };
    await server.stopServer();
    const transport = open({ log });
    let delivered = 0;
    const subscribed = transport.subscribe(
      aSubscription(happened),
      async (delivery) => {
        delivered += 1;
        await delivery.ack();
      },
      { concurrency: 1 },
    );
    await sleep(1_000);
    expect(transport.status()).toMatchObject({ state: 'away' });
    expect(logged).toEqual([
      expect.stringMatching(`^Redis is away \\(127.0.0.1:${server.port}\\): .*ECONNREFUSED`),
    ]);

    await server.startServer();
    await subscribed;
    expect(logged).toContain('connected to Redis');
    await transport.publish(messages(happened, 10));
    await until(() => expect(delivered).toBe(10));
  });

  test('without a server a subscription is refused after the timeout, and the transport still closes', async () => {
    const transport = open({ timeoutMs: 500 });
    await server.stopServer();
    try {
      const subscribed = transport.subscribe(aSubscription(anEvent()), ack, { concurrency: 1 });
      await expect(subscribed).rejects.toMatchObject({ code: 'bus.broker_away' });
      await transport.close();
    } finally {
      await server.startServer();
    }
  });

  test('a publish fails if the server does not answer, and succeeds when it answers again', async () => {
    const happened = anEvent();
    const transport = open({ timeoutMs: 1_000 });
    const delivered: string[] = [];
    await transport.subscribe(
      aSubscription(happened),
      async (delivery) => {
        delivered.push(textOf(delivery));
        await delivery.ack();
      },
      { concurrency: 10 },
    );
    await transport.publish([aMessage(happened, { body: 'before' })]);
    await whileStopped(Number(server.pid), async () => {
      const start = performance.now();
      const [result] = await transport.publish([aMessage(happened, { body: 'during' })]);
      expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.broker_away' } });
      expect(performance.now() - start).toBeLessThan(4_000);
    });
    await until(async () => {
      expect(await transport.publish([aMessage(happened, { body: 'after' })])).toEqual([
        { status: 'accepted' },
      ]);
      expect(delivered).toContain('after');
    });
  }, 30_000);

  test('the transport closes in time although the server does not answer', async () => {
    const transport = open({ timeoutMs: 1_000 });
    await transport.subscribe(aSubscription(anEvent()), ack, { concurrency: 1 });
    await transport.subscribe(anOrderedSubscription(anEvent()), ack, { concurrency: 1 });
    await transport.consumeDeadLetters(async () => {});
    await whileStopped(Number(server.pid), async () => {
      const start = performance.now();
      await transport.close();
      expect(performance.now() - start).toBeLessThan(8_000);
    });
  }, 30_000);

  test.each<[string, (redis: Redis) => Promise<() => Promise<unknown>>]>([
    [
      'has become a replica',
      async (redis) => {
        await redis.replicaof('127.0.0.1', 1);
        return () => redis.replicaof('NO', 'ONE');
      },
    ],
    [
      'has too few replicas',
      async (redis) => {
        await redis.config('SET', 'min-replicas-to-write', '1');
        return () => redis.config('SET', 'min-replicas-to-write', '0');
      },
    ],
    [
      'is busy with a script',
      async (redis) => {
        await redis.config('SET', 'busy-reply-threshold', '50');
        const killer = redis.duplicate();
        await killer.ping(); // a busy server accepts no connection
        redis.eval('while true do end', 0).catch(() => {});
        await sleep(200);
        return async () => {
          await killer.script('KILL');
          killer.disconnect();
        };
      },
    ],
  ])(
    'a server that %s accepts nothing, and works again afterwards',
    async (_, begin) => {
      const happened = anEvent();
      const redis = new Redis(server.url);
      const transport = open({ timeoutMs: 1_000 });
      const delivered: string[] = [];
      const deliver = async (delivery: Delivery) => {
        delivered.push(textOf(delivery));
        await delivery.ack();
      };
      const consumers = [
        await transport.subscribe(aSubscription(happened), deliver, { concurrency: 1 }),
        await transport.subscribe(anOrderedSubscription(happened), deliver, { concurrency: 1 }),
      ];
      const end = await begin(redis);
      try {
        const [result] = await transport.publish([aMessage(happened, { body: 'during' })]);
        expect(result).toMatchObject({
          status: 'refused',
          error: { code: 'bus.broker_away', settle: 'pause' },
        });
      } finally {
        await end();
      }
      await until(async () =>
        expect(await transport.publish([aMessage(happened, { body: 'after' })])).toEqual([
          { status: 'accepted' },
        ]),
      );
      await until(() =>
        expect(delivered.filter((text) => text === 'after').length).toBeGreaterThanOrEqual(2),
      );
      expect(delivered).not.toContain('during');
      expect(consumers.map((consumer) => consumer.status().state)).toEqual(['working', 'working']);
      redis.disconnect();
    },
    40_000,
  );

  test.each<[string, (connections: Connections) => Promise<void>]>([
    [
      'whose connections are dead, and not closed',
      async (connections) => {
        connections.breakOff();
      },
    ],
    [
      'that cannot be reached for a while, without an error',
      async (connections) => {
        connections.silent = true;
        connections.breakOff();
        await sleep(4_000);
        connections.silent = false;
      },
    ],
    [
      'that is stopped for a while',
      async () => {
        await whileStopped(Number(server.pid), () => sleep(5_000));
      },
    ],
    [
      'that is killed, and started later',
      async () => {
        await server.kill();
        await sleep(1_000);
        await server.startServer();
      },
    ],
  ])(
    'consumers of a server %s recover',
    async (_, trouble) => {
      const happened = anEvent();
      const connections = await startConnections(server.port);
      const url = server.url.replace(`:${server.port}`, `:${connections.port}`);
      const transport = createRedisTransport({ url, timeoutMs: 1_000 });
      opened.push(transport);
      const [one, other]: [string[], string[]] = [[], []];
      for (const [subscription, delivered] of [
        [aSubscription(happened), one],
        [anOrderedSubscription(happened), other],
      ] as const) {
        const deliver = async (delivery: Delivery) => {
          delivered.push(delivery.id);
          await delivery.ack();
        };
        await transport.subscribe(subscription, deliver, { concurrency: 1 });
      }
      for (let round = 0; round < 2; round += 1) {
        await trouble(connections);
        const message = aMessage(happened);
        await until(async () => expect(await transport.publish([message])).toEqual([{ status: 'accepted' }]));
        await until(() => {
          expect(one).toContain(message.id);
          expect(other).toContain(message.id);
        });
      }
      await transport.close();
      await connections.close();
    },
    60_000,
  );

  test('a kill -9 of the server under load loses nothing that was accepted, and keeps the order per key', async () => {
    const happened = anEvent();
    const [unordered, ordered] = [aSubscription(happened), anOrderedSubscription(happened)];
    const transport = open();
    await transport
      .topology(createRegistry({ contracts: [happened], subscriptions: [unordered, ordered] }))
      .apply();
    const [one, other] = [new Set<string>(), new Map<string, number>()];
    const overtaken: string[] = [];
    await transport.subscribe(
      unordered,
      async (delivery) => {
        one.add(delivery.id);
        await delivery.ack();
      },
      { concurrency: 20 },
    );
    await transport.subscribe(
      ordered,
      async (delivery) => {
        const [number, last] = [Number(textOf(delivery)), other.get(delivery.key) ?? -1];
        if (number > last + 1) overtaken.push(`${delivery.key}: ${number} after ${last}`);
        other.set(delivery.key, Math.max(last, number));
        await delivery.ack();
      },
      { concurrency: 8 },
    );
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const accepted: string[] = [];
    let stopped = false;
    // As the relay does: the next message of a key leaves when the one before it was accepted.
    const publishing = keys.map(async (key) => {
      for (let number = 0; !stopped; number += 1) {
        const message = aMessage(happened, { key, body: String(number) });
        for (;;) {
          const [result] = await transport.publish([message]);
          if (result?.status === 'accepted') break;
        }
        accepted.push(message.id);
      }
    });

    await until(() => expect(accepted.length).toBeGreaterThan(500));
    const before = accepted.length;
    await server.kill();
    await server.startServer();
    await until(() => expect(accepted.length).toBeGreaterThan(before + 500), 30_000);
    stopped = true;
    await Promise.all(publishing);

    await until(() => expect(accepted.filter((id) => !one.has(id))).toEqual([]), 30_000);
    await until(
      () => expect([...other.values()].reduce((sum, last) => sum + last + 1, 0)).toBe(accepted.length),
      30_000,
    );
    expect(overtaken).toEqual([]);
  }, 120_000);
});

/** What lies between a client and its server. */
interface Connections {
  readonly port: number;
  /** New connections lead nowhere. */
  silent: boolean;
  /** The open connections pass nothing any more, and neither side gets an error. */
  breakOff(): void;
  close(): Promise<void>;
}

const startConnections = async (port: number): Promise<Connections> => {
  const open = new Map<Socket, { broken: boolean }>();
  const proxy = createServer((client) => {
    const line = { broken: connections.silent };
    open.set(client, line);
    client.on('error', () => {});
    client.on('close', () => open.delete(client));
    if (line.broken) return void client.resume();
    const server = connect(port, '127.0.0.1');
    server.on('error', () => {});
    client.on('data', (data) => line.broken || server.write(data));
    server.on('data', (data) => line.broken || client.write(data));
    client.on('close', () => server.destroy());
    server.on('close', () => line.broken || client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const connections: Connections = {
    port: address.port,
    silent: false,
    breakOff: () => {
      for (const line of open.values()) line.broken = true;
    },
    close: async () => {
      for (const client of open.keys()) client.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
  return connections;
};
