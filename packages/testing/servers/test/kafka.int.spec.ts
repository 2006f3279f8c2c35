import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStart, type KafkaServer, startKafka } from '../src/index.ts';

const kafka = await canStart('kafka');

describe.skipIf(!kafka.available)(kafka.title('a Kafka of its own'), () => {
  let server: KafkaServer;

  beforeAll(async () => {
    server = await startKafka({ fastStart: true });
  }, 120_000);

  afterAll(() => server?.stop(), 60_000);

  const client = () =>
    new Kafka({
      brokers: [`${server.host}:${server.port}`],
      logLevel: logLevel.NOTHING,
      retry: { retries: 20 },
    });

  const endOf = async (topic: string): Promise<string | undefined> => {
    const admin = client().admin();
    await admin.connect();
    try {
      return (await admin.fetchTopicOffsets(topic))[0]?.high;
    } finally {
      await admin.disconnect();
    }
  };

  test('keeps what it acknowledged, and its port, over a restart and a kill -9', async () => {
    const producer = client().producer();
    await producer.connect();
    const admin = client().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] });
    await admin.disconnect();
    await producer.send({ topic: 'kept', messages: [{ value: 'one' }] });
    await producer.disconnect();
    const { pid, port } = server;
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(server.port).toBe(port);
    expect(await endOf('kept')).toBe('1');
    await server.kill();
    expect(server.pid).toBeUndefined();
    await server.startServer();
    expect(await endOf('kept')).toBe('1');
  }, 120_000);

  test('is empty after a wipe, on the same port', async () => {
    const admin = client().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'gone', numPartitions: 1 }] });
    await admin.disconnect();
    await server.wipe();
    const after = client().admin();
    await after.connect();
    expect(await after.listTopics()).toEqual([]);
    await after.disconnect();
  }, 120_000);

  test('two run beside each other, and stop removes all of one', async () => {
    const other = await startKafka({ fastStart: true });
    expect(other.port).not.toBe(server.port);
    const { logFile, pid } = other;
    await other.stop();
    expect(existsSync(dirname(logFile))).toBe(false);
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  }, 120_000);
});
