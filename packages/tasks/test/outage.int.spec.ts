import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, type OwnServer, ownServerFor } from '@emporium/servers';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTasks, type Tasks } from '../src/index.ts';
import { add, nap } from './support/kinds.ts';
import { collectingLog } from './support/log.ts';
import { datastores } from './support/stores.ts';

describe.each(datastores)('$name', ({ name, available, title, start }) => {
  describe.skipIf(!available)(title('tasks when something dies'), () => {
    let server: OwnServer;
    let url: string;
    let tasks: Tasks;
    let log = collectingLog();
    const children: ChildProcess[] = [];
    beforeAll(async () => {
      ({ server, url } = await start());
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      log = collectingLog();
      tasks = await createTasks({ url, name: 'test', log });
    });
    afterEach(async () => {
      await tasks.close();
      for (const child of children.splice(0)) child.kill('SIGKILL');
    });

    const startChild = (): { child: ChildProcess; said: string[] } => {
      const child = fork(new URL('./support/napping-process.ts', import.meta.url), {
        execArgv: [],
        env: { PATH: process.env['PATH'], TASKS_URL: url },
      });
      children.push(child);
      const said: string[] = [];
      child.on('message', (text) => said.push(String(text)));
      return { child, said };
    };

    test('a task whose worker is killed is run by another', async () => {
      const id = await tasks.queue(nap).enqueue({ ms: 1_000 });
      const first = startChild();
      await expect.poll(() => first.said, { timeout: 10_000 }).toEqual([`began ${id}`]);
      first.child.kill('SIGKILL');
      await once(first.child, 'exit');
      const second = startChild();
      await expect(tasks.queue(nap).result(id, { timeoutMs: 20_000 })).resolves.toBeUndefined();
      expect(second.said).toEqual([`began ${id}`, `done ${id}`]);
      await expect(tasks.queue(nap).state(id)).resolves.toMatchObject({ attempts: 1 });
    });

    test('a task that kills every worker ends up among the failed', async () => {
      const id = await tasks.queue(nap).enqueue({ ms: 60_000 });
      for (let deaths = 0; deaths < nap.retry.attempts + 1; deaths += 1) {
        const { child, said } = startChild();
        await expect.poll(() => said, { timeout: 15_000 }).toEqual([`began ${id}`]);
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      startChild();
      await expect(tasks.queue(nap).result(id, { timeoutMs: 20_000 })).rejects.toMatchObject({
        code: 'tasks.failed',
        message: expect.stringContaining('stalled'),
      });
    });

    test('while the queue is away enqueueing is refused in time; what was enqueued is run when it is back', async () => {
      const queue = tasks.queue(add);
      const before = await queue.enqueue({ a: 1, b: 1 });
      await server.kill();
      const began = performance.now();
      await expect(queue.enqueue({ a: 2, b: 2 })).rejects.toMatchObject({
        code: 'tasks.queue_away',
        settle: 'pause',
      });
      await expect(tasks.probe()).rejects.toMatchObject({ code: 'tasks.queue_away' });
      expect(performance.now() - began).toBeLessThan(12_000);
      tasks.work(add, ({ a, b }) => a + b); // a worker that is started meanwhile
      await sleep(300);
      await server.startServer();
      await expect(queue.result(before)).resolves.toBe(2);
      const after = await queue.enqueue({ a: 3, b: 3 });
      await expect(queue.result(after)).resolves.toBe(6);
    });

    test('a worker outlives a restart of the queue under load: each task is run, twice only of the last, nothing spins', async () => {
      const runs = new Map<number, number[]>(); // when they began
      tasks.work(
        add,
        async ({ a }) => {
          runs.set(a, [...(runs.get(a) ?? []), performance.now()]);
          await sleep(5);
          return a;
        },
        { concurrency: 20, lockMs: 1_000 },
      );
      const queue = tasks.queue(add);
      const ids = await queue.enqueueAll(Array.from({ length: 1_500 }, (_, a) => ({ data: { a, b: 0 } })));
      await expect.poll(() => runs.size, { timeout: 10_000 }).toBeGreaterThan(700);
      const killedAt = performance.now();
      await server.kill();
      const lines = log.lines.length;
      const cpu = process.cpuUsage();
      await sleep(2_000);
      const { user, system } = process.cpuUsage(cpu);
      expect((user + system) / 1_000).toBeLessThan(600);
      expect(log.lines.length - lines).toBeLessThan(30);
      await server.startServer();
      for (const id of ids) await queue.result(id, { timeoutMs: 30_000 });
      expect(runs.size).toBe(1_500);
      // What a crash takes back is what the server had not on disk: three times its writer's 200 ms.
      const twice = [...runs.values()].filter((begun) => begun.length > 1);
      expect(twice.filter(([first = 0]) => first < killedAt - 1_000)).toEqual([]);
      const said = log.lines.filter((line) => /the worker (failed|recovered)/.test(line));
      expect(said[0]).toContain('the worker failed, retrying: The task queue cannot be reached');
      expect(said.at(-1)).toContain('the worker recovered');
    });

    test('one that is not there at the start is waited for', async () => {
      const port = await freePort();
      const nowhere = await createTasks({ url: `${name}://127.0.0.1:${port}`, name: 'nowhere', log });
      nowhere.work(add, ({ a, b }) => a + b);
      await expect(nowhere.queue(add).enqueue({ a: 1, b: 1 })).rejects.toMatchObject({
        code: 'tasks.queue_away',
      });
      expect(log.lines.filter((line) => line.includes('the worker failed, retrying'))).toHaveLength(1);
      await nowhere.close();
    });
  });
});

const redis = await ownServerFor('redis');
describe.skipIf(!redis.available)(redis.title('a Redis that is full'), () => {
  let server: OwnServer;
  let tasks: Tasks;
  let admin: Redis;
  const log = collectingLog();
  beforeAll(async () => {
    server = await redis.start();
    tasks = await createTasks({ url: server.url, name: 'test', log });
    admin = new Redis(server.url);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
  });
  afterAll(async () => {
    await tasks.close();
    admin.disconnect();
    await server.stop();
  });

  test('refuses what is enqueued, keeps what was, and goes on when there is room', async () => {
    const queue = tasks.queue(add);
    const ids = await queue.enqueueAll(Array.from({ length: 50 }, (_, a) => ({ data: { a, b: 1 } })));
    await admin.config('SET', 'maxmemory', '1mb');
    await expect(queue.enqueue({ a: 1, b: 1 })).rejects.toMatchObject({
      code: 'tasks.queue_full',
      settle: 'pause',
    });
    tasks.work(add, ({ a, b }) => a + b, { lockMs: 1_000 });
    const cpu = process.cpuUsage();
    await sleep(1_500);
    const { user, system } = process.cpuUsage(cpu);
    expect((user + system) / 1_000).toBeLessThan(700); // it does not spin
    expect(log.lines.filter((line) => line.includes('no room'))).toHaveLength(1);
    await admin.config('SET', 'maxmemory', '0');
    for (const [a, id] of ids.entries()) await expect(queue.result(id)).resolves.toBe(a + 1);
    await expect(queue.result(await queue.enqueue({ a: 2, b: 2 }))).resolves.toBe(4);
  });
});
