import { randomUUID } from 'node:crypto';
import { ownServerFor, serverFor } from '@emporium/servers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changed, golden } from './golden/celery.ts';
import { celeryClient } from './support/celery.ts';
import { usersOfCompose } from './support/compose-users.ts';
import { openShop, type Shop } from './support/shop.ts';

const [postgres, redis, celery] = await Promise.all([
  serverFor('postgres'),
  ownServerFor('redis'),
  celeryClient(),
]);

/** The recorded task with another id and address. */
const taskOf = (id: string, email = `${id}@shop.example`): Buffer =>
  changed((wire) => ({
    ...wire,
    headers: { ...wire.headers, id },
    body: Buffer.from(
      JSON.stringify([[{ user_id: 1, email, name: 'Ada' }], {}, { callbacks: null, chain: null }]),
    ).toString('base64'),
  }));

describe.skipIf(!postgres.available || !redis.available)(
  postgres.title(redis.title("the tasks of Celery's clients")),
  () => {
    let server: Awaited<ReturnType<typeof redis.start>>;
    let shop: Shop;
    let client: Redis;

    const enqueue = (...raw: readonly (Buffer | string)[]) => client.lpush('celery', ...raw);
    const untilCommands = (count: number) =>
      expect.poll(() => shop.commands.length, { timeout: 60_000 }).toBe(count);
    const resultOf = async (id: string) => JSON.parse((await client.get(`celery-task-meta-${id}`)) ?? 'null');
    const untilResult = (id: string) => expect.poll(() => resultOf(id), { timeout: 20_000 });
    const left = async () => {
      const keys = await client.keys('emporium-bridge:celery:taken:*');
      const lists = [...keys, 'celery'];
      return (await Promise.all(lists.map((key) => client.llen(key)))).reduce((sum, one) => sum + one, 0);
    };

    beforeAll(async () => {
      server = await redis.start();
      client = new Redis(server.url);
      client.on('error', () => undefined);
    });
    afterAll(async () => {
      client?.disconnect();
      await server?.stop();
    });
    beforeEach(async () => {
      await client.flushall();
      shop = await openShop(postgres.url, { BRIDGE_CELERY_URL: server.url });
    });
    afterEach(() => shop.close());

    test('a recorded task becomes a mail, and its result is stored for a day and announced', async () => {
      await shop.startBridge();
      const { id } = JSON.parse(String(golden.get('object'))).headers;
      const subscriber = new Redis(server.url);
      const announced: string[] = [];
      subscriber.on('message', (_, text) => announced.push(text));
      await subscriber.subscribe(`celery-task-meta-${id}`);
      await enqueue(golden.get('object') ?? '', golden.get('object') ?? '');
      await untilResult(id).toEqual({
        ...{ status: 'SUCCESS', result: null, traceback: null, children: [], task_id: id },
        date_done: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/),
      });
      expect(shop.commands).toEqual([{ requestId: id, email: 'ada@shop.example', name: 'Ada Lovelace' }]);
      expect(await client.ttl(`celery-task-meta-${id}`)).toBeGreaterThan(86_000);
      await expect.poll(() => announced.length).toBe(1);
      expect(await left()).toBe(0);
      subscriber.disconnect();
    });

    test('a mail that cannot be sent is the failure of its task', async () => {
      await shop.startBridge();
      await enqueue(taskOf('task-1', 'refused@shop.example'));
      await untilResult('task-1').toMatchObject({
        status: 'FAILURE',
        result: {
          exc_type: 'RuntimeError',
          exc_message: ['the mail server refused the address'],
          exc_module: 'builtins',
        },
      });
    });

    test('what cannot be translated is a dead letter with a reason, and the failure of its task', async () => {
      await shop.startBridge();
      const bad = ['zlib', 'pickle', 'chain', 'unknown'].map((name) => golden.get(name) ?? '');
      await enqueue(...bad, 'nonsense', Buffer.from([0xff, 0xfe]), taskOf('last'));
      await untilCommands(1);
      await untilResult(JSON.parse(String(bad[0])).headers.id).toMatchObject({ status: 'FAILURE' });
      const letters = (await client.lrange('celery.dead-letters', 0, -1)).map((text) => JSON.parse(text));
      expect(letters).toHaveLength(6);
      expect(letters.map(({ message }) => message)).toEqual(
        expect.arrayContaining([...bad.map(String), 'nonsense']),
      );
      expect(letters.map(({ message_base64 }) => message_base64)).toContain('//4=');
      for (const { reason } of letters) expect(reason).toMatch(/\w{4}/);
      expect(await left()).toBe(0);
    });

    test('a full Redis is reported, keeps no valid task from being taken, and gets the results later', async () => {
      await enqueue('nonsense', taskOf('task-1'), 'nonsense');
      await client.config('SET', 'maxmemory', '1');
      const bridge = await shop.startBridge();
      await untilCommands(1);
      await expect.poll(left).toBe(0);
      expect(bridge.log().match(/Redis is full/g)).toHaveLength(1);
      expect((await bridge.readiness()).status).toBe('degraded');
      await client.config('SET', 'maxmemory', '0');
      await enqueue('nonsense');
      await untilResult('task-1').toMatchObject({ status: 'SUCCESS' });
      await expect.poll(async () => (await bridge.readiness()).status, { timeout: 20_000 }).toBe('ready');
      expect(await client.llen('celery.dead-letters')).toBe(1);
      expect(bridge.log()).toContain('was kept of 2 refused tasks');
    }, 60_000);

    test('a priority of Kombu is taken as well', async () => {
      await shop.startBridge();
      await client.lpush('celery\x06\x169', taskOf('low'));
      await untilCommands(1);
    });

    test('one mail when the bridge is killed between the commit and the end of the task', async () => {
      const killed = await shop.startBridge({ EMPORIUM_FAILPOINT: 'bridge.before-ack' });
      await enqueue(taskOf('task-1'));
      expect(await killed.exit).toBe(null);
      expect(await left()).toBe(1);
      const next = await shop.startBridge();
      await enqueue(taskOf('task-2'));
      await untilCommands(2);
      await expect.poll(left, { timeout: 40_000 }).toBe(0);
      expect(next.log()).toContain('put back 1 tasks');
      expect(shop.commands.map(({ email }) => email).toSorted()).toEqual([
        'task-1@shop.example',
        'task-2@shop.example',
      ]);
    }, 60_000);

    test('2,000 tasks with duplicates make one mail each, with two instances of which one is killed', async () => {
      const [first] = await Promise.all([shop.startBridge(), shop.startBridge()]);
      const ids = Array.from({ length: 1_500 }, (_, index) => `task-${index}`);
      await enqueue(...[...ids, ...ids.slice(0, 500)].map((id) => taskOf(id)));
      await expect.poll(() => shop.commands.length, { timeout: 20_000, interval: 10 }).toBeGreaterThan(200);
      await first?.kill();
      await untilCommands(1_500);
      await expect.poll(left, { timeout: 40_000 }).toBe(0);
      expect(new Set(shop.commands.map(({ email }) => email)).size).toBe(1_500);
      await untilResult('task-1499').toMatchObject({ status: 'SUCCESS' });
    }, 120_000);

    test('a result waits for a Redis that is away, and tasks are taken again after that', async () => {
      const bridge = await shop.startBridge();
      shop.stopMails();
      await enqueue(taskOf(randomUUID()));
      await untilCommands(1);
      const id = String(shop.commands[0]?.['requestId']);
      await expect.poll(left).toBe(0);
      await server.kill();
      await expect.poll(async () => (await bridge.readiness()).status).toBe('degraded');
      await shop.sendMail(id);
      await new Promise((done) => setTimeout(done, 2_000));
      await server.startServer();
      await untilResult(id).toMatchObject({ status: 'SUCCESS' });
      await enqueue(taskOf('task-2'));
      await untilCommands(2);
      await expect.poll(async () => (await bridge.readiness()).status, { timeout: 20_000 }).toBe('ready');
    }, 60_000);

    test.skipIf(!celery.available)(
      celery.title('the client of Celery gets its results, with the rights that docker-compose.yml gives'),
      async () => {
        const { bridge, thirdParty } = await usersOfCompose(client, server.url);
        await shop.startBridge({ BRIDGE_CELERY_URL: bridge });
        const user = { user_id: 123, email: 'ada@shop.example', name: 'Ada Lovelace' };
        const name = 'tasks.send_welcome_email';
        const outcomes = await celery.run(thirdParty, [
          { name, args: [user] },
          { name, args: [123, 'ada@shop.example', 'Ada Lovelace'] },
          { name, kwargs: user },
          { name, args: [user], options: { countdown: 1 } },
          { name, args: [user], options: { priority: 6 } },
          { name, args: [{ ...user, email: 'refused@shop.example' }] },
          { name, args: [{ ...user, email: 'nobody' }] },
          { name: 'tasks.other' },
          { name, args: [user], options: { expires: -1 } },
          { name, args: [user], options: { compression: 'zlib' } },
          { name, args: [user], options: { serializer: 'pickle' } },
        ]);
        expect(outcomes.map(({ status, exception, message }) => [status, exception, message])).toEqual([
          ...Array.from({ length: 5 }, () => ['SUCCESS', undefined, undefined]),
          ['FAILURE', 'RuntimeError', 'the mail server refused the address'],
          ['FAILURE', 'ValueError', 'email must be an e-mail address'],
          ['FAILURE', 'NotRegistered', "'tasks.other'"],
          ['REVOKED', 'TaskRevokedError', 'expired'],
          ['FAILURE', 'ValueError', expect.stringContaining('compressed tasks are not supported')],
          ['FAILURE', 'ValueError', expect.stringContaining('content-type must be application/json')],
        ]);
        expect(shop.commands).toHaveLength(6);
      },
      60_000,
    );
  },
);
