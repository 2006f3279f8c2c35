import { ownServerFor } from '@emporium/servers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openTaskList } from '../src/celery/task-list.ts';
import { invalid } from '../src/celery/task-result.ts';

const redis = await ownServerFor('redis');

describe.skipIf(!redis.available)(redis.title('the list of tasks, as several instances take from it'), () => {
  let server: Awaited<ReturnType<typeof redis.start>>;
  const connections: Redis[] = [];
  let client: Redis;

  const connect = () => {
    const connection = new Redis(server.url);
    connections.push(connection);
    return connection;
  };
  const instance = () => openTaskList(connect(), connect(), 'celery');
  const texts = (entries: readonly Buffer[]) => entries.map(String);
  /** As after 15 s in which nobody has said that it is alive. */
  const silence = async () => {
    const keys = (await client.keys('*')).filter((key) => key.includes('alive'));
    if (keys.length > 0) await client.del(...keys);
  };

  beforeAll(async () => {
    server = await redis.start();
    client = connect();
  });
  afterAll(async () => {
    for (const connection of connections) connection.disconnect();
    await server?.stop();
  });
  beforeEach(() => client.flushall());

  test('an instance that takes its first entry keeps it while it is alive', async () => {
    const [one, other] = [instance(), instance()];
    await client.lpush('celery', 'a');
    expect(texts(await one.take())).toEqual(['a']);
    expect(await other.keepAlive()).toEqual({ putBack: 0 });
  });

  test('what an instance took that is silent is put back; what it takes after that is its own', async () => {
    const [slow, other] = [instance(), instance()];
    await client.lpush('celery', 'a');
    await slow.take();
    await silence();
    expect(await other.keepAlive()).toEqual({ putBack: 1 });
    expect(texts(await slow.take())).toEqual(['a']);
    expect(await other.keepAlive()).toEqual({ putBack: 0 });
    await silence();
    expect(await other.keepAlive()).toEqual({ putBack: 1 });
  });

  test('what is taken is returned again until it is settled', async () => {
    const list = instance();
    await client.lpush('celery', 'a', 'b');
    expect(texts(await list.take()).toSorted()).toEqual(['a', 'b']);
    expect(texts(await list.take()).toSorted()).toEqual(['a', 'b']);
    await list.settle(['a', 'b'].map((text) => ({ raw: Buffer.from(text) })));
    await client.lpush('celery', 'c');
    expect(texts(await list.take())).toEqual(['c']);
  });

  test('of a thousand dead letters at most 4 KiB each are kept', async () => {
    const list = instance();
    const raw = Buffer.alloc(10_000, 'x');
    for (let round = 0; round < 11; round += 1)
      await list.settle(Array.from({ length: 100 }, () => ({ raw, reason: 'nonsense' })));
    expect(await client.llen('celery.dead-letters')).toBe(1_000);
    const newest = JSON.parse((await client.lindex('celery.dead-letters', 0)) ?? '');
    expect(newest).toMatchObject({ message: 'x'.repeat(4_096), truncated_from: 10_000 });
  });

  test('a full Redis keeps neither dead letters nor results, and tasks are taken from it', async () => {
    const list = instance();
    await client.lpush('celery', 'valid', 'nonsense', 'next');
    expect(await list.take()).toHaveLength(3);
    await client.config('SET', 'maxmemory', '1');
    try {
      const result = { taskId: 't', result: invalid('nonsense') };
      const tasks = [
        { raw: Buffer.from('valid') },
        { raw: Buffer.from('nonsense'), reason: 'nonsense', result },
        { raw: Buffer.from('next') },
      ];
      expect(await list.settle(tasks)).toEqual({ forgotten: 1 });
      await client.config('SET', 'maxmemory', '0');
      await client.lpush('celery', 'more');
      await client.config('SET', 'maxmemory', '1');
      expect(texts(await list.take())).toEqual(['more']);
      expect(await list.keepAlive()).toEqual({ putBack: 0 });
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
  });
});
