import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DeadLetter, OutgoingMessage, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import {
  type Contract,
  createRegistry,
  type Registry,
  type Subscription,
  subscription,
  userRegistered,
} from '@emporium/contracts';
import { canStart, type KafkaServer, startKafka, whileStopped } from '@emporium/servers';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeProgress } from '../src/consumer/progress.ts';
import { createKafkaTransport } from '../src/index.ts';

/** What kafkajs speaks with a broker, for faults that no server can be made to have at the right moment. */
const Broker: { readonly prototype: Record<'fetch' | 'joinGroup', () => Promise<unknown>> } = createRequire(
  import.meta.url,
)('kafkajs/src/broker');

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
};

const kafka = await canStart('kafka');

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** What this broker does beyond the promises that all transports share; those are in the conformance suite. */
describe.skipIf(!kafka.available)(kafka.title('kafka'), () => {
  const opened: { close(): Promise<void> }[] = [];
  let server: KafkaServer;
  let number = 0;

  beforeAll(async () => {
    server = await startKafka({ fastStart: true });
  }, 120_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  afterAll(() => server?.stop(), 60_000);

  const open = (timeoutMs = 3_000): Transport => {
    const transport = createKafkaTransport({ url: server.url, timeoutMs, sessionTimeoutMs: 6_000 });
    opened.push(transport);
    return transport;
  };

  const client = () => new Kafka({ brokers: [`${server.host}:${server.port}`], logLevel: logLevel.NOTHING });

  const rawProducer = async (): Promise<Producer> => {
    const producer = client().producer();
    await producer.connect();
    opened.push({ close: () => producer.disconnect() });
    return producer;
  };

  const withAdmin = async <T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> => {
    const admin = client().admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  };

  /** What a group has committed of a topic: offset and text, by partition. */
  const committed = (groupId: string, topic: string) =>
    withAdmin(async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return found?.partitions ?? [];
    });

  const aSubscription = (ordered = false, to: readonly Contract[] = [userRegistered]): Subscription => {
    number += 1;
    return subscription(`email.test-${number}`, {
      to,
      ordered,
      retry: { attempts: 5, firstDelayMs: 50, maxDelayMs: 500 },
    });
  };

  const registryOf = (...subscriptions: Subscription[]): Registry =>
    createRegistry({ contracts: [userRegistered], subscriptions });

  const events = `${userRegistered.owner}.events`;

  const aMessage = (id: string, key = id): OutgoingMessage => {
    const { kind, owner, type } = userRegistered;
    return { id, key, kind, owner, type, body: Buffer.from(id) };
  };

  const collect = async (
    transport: Transport,
    from: Subscription,
    deliver?: (one: Delivery) => Promise<void>,
    concurrency = 10,
  ) => {
    const came: Delivery[] = [];
    const consumer = await transport.subscribe(
      from,
      async (delivery) => {
        came.push(delivery);
        await (deliver?.(delivery) ?? delivery.ack());
      },
      { concurrency },
    );
    return { came, consumer };
  };

  const until = (assertion: () => void | Promise<void>, timeout = 20_000) =>
    vi.waitFor(assertion, { timeout, interval: 20 });

  /** An open stream, as a contract with the plain-JSON codec names it. */
  const readings = (): Contract => {
    number += 1;
    const type = `sensor_data_${number}`;
    return { ...userRegistered, name: type, type, ...{ codec: { kind: 'json', identity: [], time: 'at' } } };
  };

  const openMessage = ({ kind, owner, type }: Contract, id: string, key: string): OutgoingMessage => ({
    id,
    key,
    kind,
    owner,
    type,
    body: Buffer.from(JSON.stringify({ sensor_id: Number(key), temperature: 21.5 })),
    open: true,
  });

  test('a record of an open stream has key and value and no headers, for any client to read', async () => {
    const stream = readings();
    const transport = open();
    await collect(transport, aSubscription(false, [stream]));
    expect(await transport.publish([openMessage(stream, 'reading-1', '4711')])).toEqual([
      { status: 'accepted' },
    ]);

    const consumer = client().consumer({ groupId: `raw-${number}`, maxWaitTimeInMs: 100 });
    opened.push({ close: () => consumer.disconnect() });
    const read: unknown[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: stream.type, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { key, value, headers } }) => {
        read.push({ key: key?.toString(), value: JSON.parse(String(value)), headers });
      },
    });
    await until(() =>
      expect(read).toEqual([{ key: '4711', value: { sensor_id: 4711, temperature: 21.5 }, headers: {} }]),
    );
  });

  test('what any client writes to an open stream is delivered with its place as id, and set aside with it', async () => {
    const stream = readings();
    const transport = open();
    const deadLetters: DeadLetter[] = [];
    await transport.consumeDeadLetters(async (deadLetter) => void deadLetters.push(deadLetter));
    const { came } = await collect(transport, aSubscription(false, [stream]), (delivery) =>
      String(delivery.body).length > 0 && Buffer.from(delivery.body).toString() === 'no JSON'
        ? delivery.deadLetter({ code: 'bus.invalid_message', message: 'body: is no JSON' })
        : delivery.ack(),
    );
    const producer = await rawProducer();
    const sent = await producer.send({
      topic: stream.type,
      messages: [
        { key: '4711', value: '{"sensor_id":4711}' },
        { key: '4711', value: 'no JSON' },
        { value: null },
      ],
    });
    const places = sent.map(({ topicName, partition }) => `${topicName}/${partition}/`);

    await until(() => expect(came).toHaveLength(3));
    for (const { id, type, position } of came) {
      expect(type).toBe(stream.type);
      expect(places.some((place) => id.startsWith(place))).toBe(true);
      expect(position).toBe(id);
    }
    expect(came.filter(({ key }) => key === '4711')).toHaveLength(2);
    await until(() => expect(deadLetters).toHaveLength(1));
    expect(deadLetters[0]?.id).toMatch(new RegExp(`^${stream.type}/\\d/\\d+$`));
    expect(Buffer.from(deadLetters[0]?.body ?? []).toString()).toBe('no JSON');
  });

  test('a key of an open stream is where every other client of Kafka puts it', async () => {
    const stream = readings();
    const transport = open();
    const { came } = await collect(transport, aSubscription(false, [stream]));
    const keys = Array.from({ length: 20 }, (_, index) => String(index));
    await transport.publish(keys.map((key) => openMessage(stream, key, key)));
    await (await rawProducer()).send({
      topic: stream.type,
      messages: keys.map((key) => ({ key, value: '{}' })),
    });

    await until(() => expect(came).toHaveLength(40));
    const partitions = (key: string) =>
      new Set(came.filter((one) => one.key === key).map(({ position }) => position?.split('/')[1]));
    for (const key of keys) expect(partitions(key).size, key).toBe(1);
  });

  test('a new group has committed where it begins, before anybody reads', async () => {
    const transport = open();
    await transport.topology(registryOf(aSubscription())).apply();
    await transport.publish(Array.from({ length: 50 }, (_, index) => aMessage(`before-${index}`)));
    const late = aSubscription();
    await transport.topology(registryOf(late)).apply();

    const offsets = await committed(late.name, events);
    expect(offsets.every(({ offset }) => Number(offset) >= 0)).toBe(true);
    expect(offsets.reduce((sum, { offset }) => sum + Number(offset), 0)).toBeGreaterThanOrEqual(50);
    await transport.publish([aMessage('after')]);
    const { came } = await collect(transport, late);
    await until(() => expect(came.map(({ id }) => id)).toEqual(['after']));
  });

  test('what is done behind a message that takes long is not done again by the next instance', async () => {
    const transport = open();
    const sub = aSubscription();
    await transport.topology(registryOf(sub)).apply();
    const { came, consumer } = await collect(transport, sub, async (delivery) => {
      if (delivery.id === 'slow') await new Promise(() => {});
      await delivery.ack();
    });
    await transport.publish([aMessage('slow', 'k'), ...['a', 'b', 'c'].map((id) => aMessage(id, 'k'))]);
    await until(() => expect(came).toHaveLength(4));
    await sleep(200);
    await consumer.stop({ timeoutMs: 50 });

    const next = await collect(open(), sub);
    await until(() => expect(next.came.length).toBeGreaterThan(0));
    await sleep(500);
    expect(next.came.map(({ id }) => id)).toEqual(['slow']);
  });

  test('a rebalance in mid-load loses nothing, and repeats nothing that was at rest', async () => {
    const sub = aSubscription();
    const publisher = open();
    await publisher.topology(registryOf(sub)).apply();
    const counts = new Map<string, number>();
    const deliver = async (delivery: Delivery) => {
      await sleep(2);
      await delivery.ack();
      counts.set(delivery.id, (counts.get(delivery.id) ?? 0) + 1);
    };
    await collect(open(), sub, deliver);
    const ids = Array.from({ length: 3_000 }, (_, index) => `m-${index}`);
    const publishing = (async () => {
      for (let from = 0; from < ids.length; from += 50) {
        await publisher.publish(ids.slice(from, from + 50).map((id) => aMessage(id)));
        await sleep(20);
      }
    })();
    await until(() => expect(counts.size).toBeGreaterThan(200));
    const { consumer } = await collect(open(), sub, deliver);
    await until(() => expect(counts.size).toBeGreaterThan(1_000));
    await consumer.stop();
    await publishing;

    await until(() => expect(counts.size).toBe(3_000));
    expect([...counts.values()].every((count) => count === 1)).toBe(true);
  });

  test('what waits behind an instance that is stuck is passed on to another, once', async () => {
    const sub = aSubscription();
    const publisher = open();
    await publisher.topology(registryOf(sub)).apply();
    const stuck = await collect(open(), sub, () => new Promise(() => {}), 2);
    const going = await collect(open(), sub);
    await publisher.publish(Array.from({ length: 40 }, (_, index) => aMessage(`m-${index}`)));

    await until(() => expect(going.came.length).toBe(38));
    await sleep(500);
    const ids = [...stuck.came, ...going.came].map(({ id }) => id);
    expect(new Set(ids).size).toBe(40);
    expect(ids.length).toBe(40);
  });

  test('a message that ends its consumers again and again ends among the dead letters', async () => {
    const sub = aSubscription();
    const transport = open();
    await transport.topology(registryOf(sub)).apply();
    await transport.publish([aMessage('poison', 'k'), aMessage('innocent', 'k')]);
    // As nineteen owners leave it behind, who ended one after the other.
    const text = (offset: number) =>
      encodeProgress({ offset, top: offset, holes: [], owner: 'dead', crashes: 19 });
    const offsets = await committed(sub.name, events);
    const holder = client().consumer({ groupId: sub.name });
    await holder.connect();
    await holder.subscribe({ topic: events });
    await holder.run({ autoCommit: false, eachMessage: async () => {} });
    await until(() =>
      holder.commitOffsets(
        offsets.map(({ partition, offset }) => ({
          topic: events,
          partition,
          offset,
          metadata: text(Number(offset)),
        })),
      ),
    );
    await holder.disconnect();

    const deadLetters: DeadLetter[] = [];
    await transport.consumeDeadLetters(async (deadLetter) => void deadLetters.push(deadLetter));
    const { came } = await collect(transport, sub);
    await until(() => expect(deadLetters.map(({ id }) => id)).toContain('poison'));
    expect(deadLetters.find(({ id }) => id === 'poison')).toMatchObject({
      subscription: sub.name,
      reason: { code: 'bus.attempts_exhausted' },
      attempts: 20,
    });
    await until(() => expect(came.map(({ id }) => id)).toEqual(['innocent']));
  });

  test('the attempts of an ordered message outlive the instance that counted them', async () => {
    const sub = aSubscription(true);
    const transport = open();
    await transport.topology(registryOf(sub)).apply();
    const first = await collect(open(), sub, (delivery) =>
      delivery.retry(delivery.attempt < 3 ? 10 : 60_000),
    );
    await transport.publish([aMessage('again', 'k')]);
    await until(() => expect(first.came).toHaveLength(3));
    await first.consumer.stop();

    const offsets = await committed(sub.name, events);
    expect(offsets.some(({ metadata }) => metadata?.includes('"a":4'))).toBe(true);
  });

  test('a slow reader is not flooded: what it does not take stays with the broker', async () => {
    const sub = aSubscription();
    const transport = open();
    await transport.topology(registryOf(sub)).apply();
    let settle = () => {};
    const released = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const { came } = await collect(transport, sub, async (delivery) => {
      await released;
      await delivery.ack();
    });
    const body = Buffer.alloc(64 * 1024, 'x');
    for (let round = 0; round < 10; round += 1) {
      await transport.publish(
        Array.from({ length: 100 }, (_, index) => ({ ...aMessage(`${round}-${index}`, 'one key'), body })),
      );
    }
    await until(() => expect(came).toHaveLength(10));
    await sleep(1_000);
    collectGarbage();
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(40 * 1024 * 1024);
    settle();
    await until(() => expect(came).toHaveLength(1_000));
  });

  test('an instance that was about to join again, and could not, goes on with what it has', async () => {
    const sub = aSubscription();
    const transport = open();
    const { came } = await collect(transport, sub);
    await transport.publish([aMessage('before')]);
    await until(() => expect(came).toHaveLength(1));

    // What a broker that restarts does: partitions have no leader, and then the connection is lost.
    const isLost = Object.assign(new Error('lost'), {
      name: 'KafkaJSConnectionClosedError',
      retriable: true,
    });
    const hasNoLeader = Object.assign(new Error('no leader'), { type: 'NOT_LEADER_FOR_PARTITION' });
    const join = vi.spyOn(Broker.prototype, 'joinGroup').mockRejectedValueOnce(isLost);
    const fetch = vi.spyOn(Broker.prototype, 'fetch').mockRejectedValue(hasNoLeader);
    await until(() => expect(join).toHaveBeenCalled());
    fetch.mockRestore();

    await transport.publish([aMessage('after')]);
    await until(() => expect(came).toHaveLength(2));
    vi.restoreAllMocks();
  });

  test('a topic that is gone is made again, and a consumer of it goes on', async () => {
    const sub = aSubscription();
    const transport = open();
    const { came } = await collect(transport, sub);
    await transport.publish([aMessage('before')]);
    await until(() => expect(came).toHaveLength(1));
    await withAdmin((admin) => admin.deleteTopics({ topics: [events] }));

    await until(async () => {
      await transport.publish([aMessage('after')]);
      expect(came.map(({ id }) => id)).toContain('after');
    }, 50_000);
  });

  test('a broker that answers no more is no success, and works again when it answers', async () => {
    const sub = aSubscription();
    const transport = open(1_000);
    const { came } = await collect(transport, sub);
    await transport.publish([aMessage('before')]);

    await whileStopped(Number(server.pid), async () => {
      const start = Date.now();
      const [result] = await transport.publish([aMessage('during')]);
      expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.broker_away' } });
      expect(Date.now() - start).toBeLessThan(3_000);
      expect(transport.status().state).toBe('away');
    });
    await until(async () => {
      expect(await transport.publish([aMessage('after')])).toEqual([{ status: 'accepted' }]);
      expect(came.map(({ id }) => id)).toContain('after');
    }, 40_000);
  });

  test('a subscription waits for the broker, and gives up in time', async () => {
    const transport = open(500);
    await server.stopServer();
    try {
      const start = Date.now();
      const subscribing = transport.subscribe(aSubscription(), (delivery) => delivery.ack(), {
        concurrency: 1,
      });
      await expect(subscribing).rejects.toMatchObject({ code: 'bus.broker_away', settle: 'pause' });
      expect(Date.now() - start).toBeLessThan(5_000);
    } finally {
      await server.startServer();
    }
    await until(async () => {
      const { consumer } = await collect(transport, aSubscription());
      await consumer.stop();
    }, 30_000);
  });
});
