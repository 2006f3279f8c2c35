import { setTimeout as sleep } from 'node:timers/promises';
import { currentContext, Fault, newContext, permanent, withContext } from '@emporium/bus';
import type { OwnServer } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createTasks, createThreads, flowTask, type TaskHandler, type Tasks, task } from '../src/index.ts';
import { add, hurry, nap, primes, sum, throttled } from './support/kinds.ts';
import { collectingLog } from './support/log.ts';
import { datastores } from './support/stores.ts';

describe.each(datastores)('$name', ({ available, title, start }) => {
  describe.skipIf(!available)(title('tasks'), () => {
    let server: OwnServer;
    let url: string;
    let tasks: Tasks;
    let log = collectingLog();
    beforeAll(async () => {
      ({ server, url } = await start());
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      log = collectingLog();
      tasks = await createTasks({ url, name: 'test', log });
    });
    afterEach(() => tasks.close());

    const adding: TaskHandler<typeof add> = ({ a, b }) => a + b;
    const summing: TaskHandler<typeof sum> = async (_, { resultsOf }) =>
      (await resultsOf(add)).reduce((total, each) => total + each, 0);
    /** A kind that no other test has tasks of. */
    const fresh = (retry = { attempts: 3, firstDelayMs: 10, maxDelayMs: 20 }) =>
      task(`fresh.t${uuid()}`, { schema: z.object({ n: z.number() }), result: z.number(), retry });

    describe('a task', () => {
      test('is run, and its result can be waited for', async () => {
        tasks.work(add, adding);
        const id = await tasks.queue(add).enqueue({ a: 1, b: 2 });
        await expect(tasks.queue(add).result(id)).resolves.toBe(3);
        await expect(tasks.queue(add).state(id)).resolves.toMatchObject({
          state: 'completed',
          attempts: 1,
          result: 3,
        });
      });

      test('whose data is wrong is refused where it is enqueued, by the name of the field', async () => {
        const queue = tasks.queue(add);
        await expect(queue.enqueue({ a: 1, b: 'x' } as never)).rejects.toMatchObject({
          code: 'tasks.invalid_data',
          message: expect.stringContaining('calc.add, data.b: '),
        });
        await expect(queue.enqueue({ a: 1, b: 2, c: 3 } as never)).rejects.toMatchObject({
          code: 'tasks.invalid_data',
          message: expect.stringContaining('"c"'),
        });
        await expect(queue.enqueue({ a: 1, b: 2 }, { priority: -1 })).rejects.toMatchObject({
          code: 'tasks.invalid_option',
          message: expect.stringContaining('priority: '),
        });
      });

      test('whose data no worker can read fails for good, by the name of the field', async () => {
        const kind = fresh();
        const queue = await tasks.queue(kind).open();
        const runs: number[] = [];
        tasks.work(kind, ({ n }) => runs.push(n));
        await queue.add(kind.name, { data: { n: 'seven' } } as never, { jobId: 'foreign', attempts: 5 });
        await expect(tasks.queue(kind).result('foreign')).rejects.toMatchObject({
          code: 'tasks.failed',
          message: expect.stringContaining('data.n: '),
        });
        expect(runs).toEqual([]);
      });

      test('with an id is one task, however often it is enqueued', async () => {
        const kind = fresh();
        const runs: number[] = [];
        tasks.work(kind, ({ n }) => runs.push(n));
        const queue = tasks.queue(kind);
        const id = uuid();
        await queue.enqueue({ n: 1 }, { id });
        await queue.result(id);
        await queue.enqueue({ n: 2 }, { id });
        await queue.enqueueAll([{ data: { n: 3 }, options: { id } }, { data: { n: 4 } }]);
        await expect.poll(() => runs).toEqual([1, 4]);
      });

      test.each(['7', 'a:b', `x${'y'.repeat(500)}`, '0'])('may have the id %s', async (id) => {
        tasks.work(add, adding);
        await tasks.queue(add).enqueue({ a: 1, b: 1 }, { id });
        await expect(tasks.queue(add).result(id)).resolves.toBe(2);
      });

      test('with a dedupe key is the one that is not finished yet', async () => {
        const kind = fresh();
        const queue = tasks.queue(kind);
        const first = await queue.enqueue({ n: 1 }, { dedupeKey: 'k' });
        const second = await queue.enqueue({ n: 2 }, { dedupeKey: 'k' });
        expect(second).toBe(first);
        tasks.work(kind, ({ n }) => n);
        await queue.result(first);
        const third = await queue.enqueue({ n: 3 }, { dedupeKey: 'k' });
        expect(third).not.toBe(first);
        await expect(queue.result(third)).resolves.toBe(3);
      });

      test('is run not before its delay, or its time, is over', async () => {
        const kind = fresh();
        const queue = tasks.queue(kind);
        const runs: [number, number][] = [];
        const began = Date.now();
        tasks.work(kind, ({ n }) => runs.push([n, Date.now() - began]));
        const delayed = await queue.enqueue({ n: 1 }, { delayMs: 400 });
        const timed = await queue.enqueue({ n: 2 }, { at: new Date(began + 800) });
        await expect(queue.state(delayed)).resolves.toMatchObject({ state: 'delayed' });
        await queue.result(timed);
        expect(runs.map(([n]) => n)).toEqual([1, 2]);
        expect(runs[0]?.[1]).toBeGreaterThanOrEqual(400);
        expect(runs[1]?.[1]).toBeGreaterThanOrEqual(800);
      });

      test('goes before others by its priority', async () => {
        const kind = fresh();
        const queue = tasks.queue(kind);
        for (const [n, priority] of [
          [3, 30],
          [2, 20],
          [1, 10],
          [0, 0],
        ] as const) {
          await queue.enqueue({ n }, { priority });
        }
        const runs: number[] = [];
        tasks.work(kind, ({ n }) => runs.push(n), { concurrency: 1 });
        await expect.poll(() => runs).toEqual([0, 1, 2, 3]);
      });

      test('runs within the context of what enqueued it', async () => {
        const kind = fresh();
        const seen = Promise.withResolvers<unknown>();
        tasks.work(kind, ({ n }) => {
          seen.resolve(currentContext());
          return n;
        });
        const context = { ...newContext({ correlationId: 'order-7' }), causationId: 'message-1', hops: 3 };
        const id = await withContext(context, () => tasks.queue(kind).enqueue({ n: 1 }));
        await expect(seen.promise).resolves.toEqual({
          correlationId: 'order-7',
          causationId: id,
          traceparent: expect.stringMatching(new RegExp(`^00-${context.traceparent.slice(3, 35)}-`)),
          hops: 4,
        });
      });
    });

    describe('a task that fails', () => {
      test('is logged within the context of what enqueued it', async () => {
        const kind = fresh();
        tasks.work(kind, () => {
          throw new Error('fails within its context');
        });
        const context = newContext({ correlationId: 'order-8' });
        await withContext(context, () => tasks.queue(kind).enqueue({ n: 1 }));
        const logged = () => log.lines.findIndex((line) => line.includes('fails within its context'));
        await expect.poll(logged).toBeGreaterThanOrEqual(0);
        expect(log.correlationIds[logged()]).toBe('order-8');
      });

      test('is tried again, and works', async () => {
        const kind = fresh();
        const attempts: number[] = [];
        tasks.work(kind, ({ n }, { attempt }) => {
          attempts.push(attempt);
          if (attempt < 3) throw new Error('not yet');
          return n;
        });
        const id = await tasks.queue(kind).enqueue({ n: 9 });
        await expect(tasks.queue(kind).result(id)).resolves.toBe(9);
        expect(attempts).toEqual([1, 2, 3]);
      });

      test('after its attempts is listed with its reason, and can be run again or discarded', async () => {
        const kind = fresh();
        const queue = tasks.queue(kind);
        let mended = false;
        tasks.work(kind, ({ n }) => {
          if (!mended) throw new Error('broken');
          return n;
        });
        const ids = [await queue.enqueue({ n: 1 }), await queue.enqueue({ n: 2 })];
        for (const id of ids) {
          await expect(queue.result(id)).rejects.toMatchObject({
            code: 'tasks.failed',
            message: expect.stringContaining('broken'),
          });
        }
        expect(await queue.failed()).toHaveLength(2);
        expect(await queue.failed({ limit: 1 })).toHaveLength(1);
        expect((await queue.failed()).find(({ id }) => id === ids[0])).toMatchObject({
          data: { n: 1 },
          reason: 'broken',
          attempts: 3,
          failedAt: expect.any(Date),
        });
        mended = true;
        expect(await queue.retry(ids[0] ?? '')).toBe(true);
        await expect(queue.result(ids[0] ?? '')).resolves.toBe(1);
        expect(await queue.retry(ids[0] ?? '')).toBe(false);
        expect(await queue.discard(ids[1] ?? '')).toBe(true);
        expect(await queue.discard(ids[1] ?? '')).toBe(false);
        expect(await queue.failed()).toEqual([]);
      });

      test('for good is not tried again', async () => {
        const kind = fresh();
        let runs = 0;
        tasks.work(kind, () => {
          runs += 1;
          throw permanent('never');
        });
        const id = await tasks.queue(kind).enqueue({ n: 1 });
        await expect(tasks.queue(kind).result(id)).rejects.toThrow('never');
        expect(runs).toBe(1);
      });

      test('because something of ours is away has made no attempt', async () => {
        const kind = fresh({ attempts: 1, firstDelayMs: 10, maxDelayMs: 10 });
        const attempts: number[] = [];
        tasks.work(kind, ({ n }, { attempt }) => {
          attempts.push(attempt);
          if (attempts.length < 3) {
            throw new Fault(
              'store.database_away',
              { settle: 'pause', message: 'away' },
              { retryAfterMs: 50 },
            );
          }
          return n;
        });
        const id = await tasks.queue(kind).enqueue({ n: 5 });
        await expect(tasks.queue(kind).result(id)).resolves.toBe(5);
        expect(attempts).toEqual([1, 1, 1]);
      });

      test('for the same reason pauses all tasks of its kind, which is said once, until a probe succeeds', async () => {
        const kind = fresh({ attempts: 1, firstDelayMs: 10, maxDelayMs: 10 });
        let away = true;
        let runs = 0;
        const { lines } = log;
        tasks.work(
          kind,
          ({ n }) => {
            runs += 1;
            if (away) throw new Fault('x.away', { settle: 'pause', message: 'the mail server is away' });
            return n;
          },
          { probe: async () => (away ? Promise.reject(new Error('still away')) : undefined), concurrency: 3 },
        );
        const queue = tasks.queue(kind);
        const ids = await queue.enqueueAll(Array.from({ length: 40 }, (_, n) => ({ data: { n } })));
        await sleep(3_500);
        expect(runs).toBeLessThan(10);
        expect(await queue.counts()).toMatchObject({ failed: 0, completed: 0 });
        away = false;
        for (const [n, id] of ids.entries()) await expect(queue.result(id)).resolves.toBe(n);
        expect(await queue.state(ids[0] ?? '')).toMatchObject({ attempts: 1 });
        const said = lines.filter((line) => line.includes(kind.name));
        expect(said.filter((line) => line.includes('paused,'))).toHaveLength(1);
        expect(said.filter((line) => line.includes('resumed'))).toHaveLength(1);
        expect(said).toHaveLength(2);
      });

      test('its time-out aborts its signal', async () => {
        const aborted = Promise.withResolvers<unknown>();
        tasks.work(hurry, async ({ ms }, { signal }) => {
          signal.addEventListener('abort', () => aborted.resolve(signal.reason));
          await sleep(ms, undefined, { signal });
        });
        const id = await tasks.queue(hurry).enqueue({ ms: 10_000 });
        await expect(tasks.queue(hurry).result(id)).rejects.toThrow(/tasks\.timed_out: .*timeoutMs: 200/);
        await expect(aborted.promise).resolves.toMatchObject({ code: 'tasks.timed_out' });
      });

      test('with a result that does not fit fails for good, by the name of the field', async () => {
        const kind = fresh();
        tasks.work(kind, () => 'seven' as never);
        const id = await tasks.queue(kind).enqueue({ n: 1 });
        await expect(tasks.queue(kind).result(id)).rejects.toThrow(/tasks\.invalid_result.*result: /);
      });
    });

    describe('waiting for a result', () => {
      test('ends with its time, and the task goes on', async () => {
        const queue = tasks.queue(nap);
        tasks.work(nap, ({ ms }, { signal }) => sleep(ms, undefined, { signal }));
        const id = await queue.enqueue({ ms: 600 });
        await expect(queue.result(id, { timeoutMs: 100 })).rejects.toMatchObject({
          code: 'tasks.not_finished',
        });
        await expect(queue.result(id, { timeoutMs: 0 })).rejects.toMatchObject({
          code: 'tasks.not_finished',
        });
        await expect(queue.result(id)).resolves.toBeUndefined();
        await expect(queue.result(id, { timeoutMs: 0 })).resolves.toBeUndefined();
      });

      test('of an unknown task ends at once', async () => {
        await expect(tasks.queue(add).result(uuid())).rejects.toMatchObject({ code: 'tasks.unknown' });
        await expect(tasks.queue(add).state(uuid())).resolves.toBeUndefined();
      });

      test('shows the progress meanwhile', async () => {
        const kind = fresh();
        const go = Promise.withResolvers<void>();
        tasks.work(kind, async ({ n }, { progress }) => {
          await progress({ done: 1, of: 2 });
          await go.promise;
          return n;
        });
        const id = await tasks.queue(kind).enqueue({ n: 1 });
        await expect
          .poll(async () => await tasks.queue(kind).state(id))
          .toMatchObject({ state: 'active', progress: { done: 1, of: 2 } });
        go.resolve();
        await tasks.queue(kind).result(id);
      });
    });

    describe('cancelling', () => {
      test('a task that waits removes it', async () => {
        const kind = fresh();
        const queue = tasks.queue(kind);
        const ids = [await queue.enqueue({ n: 1 }), await queue.enqueue({ n: 2 }, { delayMs: 100 })];
        for (const id of ids) expect(await queue.cancel(id)).toBe('removed');
        const runs: number[] = [];
        tasks.work(kind, ({ n }) => runs.push(n));
        await queue.result(await queue.enqueue({ n: 3 }, { delayMs: 200 }));
        expect(runs).toEqual([3]);
        await expect(queue.result(ids[0] ?? '')).rejects.toMatchObject({ code: 'tasks.unknown' });
        expect(await queue.cancel(ids[0] ?? '')).toBe('unknown');
      });

      test('a task that runs aborts its signal, in whichever process, and it is not tried again', async () => {
        const queue = tasks.queue(nap);
        const other = await createTasks({ url, name: 'other', log: collectingLog() });
        let runs = 0;
        other.work(nap, async ({ ms }, { signal }) => {
          runs += 1;
          await sleep(ms, undefined, { signal });
        });
        const id = await queue.enqueue({ ms: 15_000 });
        await expect.poll(async () => (await queue.state(id))?.state).toBe('active');
        expect(await queue.cancel(id, 'the customer left')).toBe('stopping');
        await expect(queue.result(id, { timeoutMs: 5_000 })).rejects.toMatchObject({
          code: 'tasks.cancelled',
          message: expect.stringContaining('the customer left'),
        });
        expect(runs).toBe(1);
        expect(await queue.cancel(id)).toBe('finished');
        await other.close();
      });

      test('a part of a chain fails what comes after it', async () => {
        const after = tasks.queue(sum);
        const id = await tasks.chain([flowTask(add, { a: 1, b: 2 }), flowTask(sum, {})]);
        await expect(after.state(id)).resolves.toMatchObject({ state: 'waiting-children' });
        expect(await after.cancel(id)).toBe('stopping');
        const runs: string[] = [];
        tasks.work(add, ({ a, b }) => {
          runs.push('add');
          return a + b;
        });
        tasks.work(sum, () => runs.push('sum'));
        await expect(after.result(id)).rejects.toMatchObject({
          code: expect.stringMatching(/cancelled|failed/),
        });
        expect(runs).toEqual([]);
      });
    });

    describe('chains and groups', () => {
      beforeEach(() => {
        tasks.work(add, adding);
        tasks.work(sum, summing);
      });

      test('a chain runs one after the other, each with the result of the one before', async () => {
        const id = await tasks.chain([flowTask(add, { a: 20, b: 1 }), flowTask(sum, {})]);
        await expect(tasks.queue(sum).result(id)).resolves.toBe(21);
      });

      test('a group runs at one time, and then one with all results in their order', async () => {
        const numbers = [5, 6, 7];
        const order = task('calc.order', { schema: z.object({}), result: z.array(z.number()) });
        tasks.work(order, async (_, { resultsOf }) => [...(await resultsOf(add))]);
        const id = await tasks.group(
          numbers.map((a) => flowTask(add, { a, b: 0 })),
          flowTask(order, {}),
        );
        await expect(tasks.queue(order).result(id)).resolves.toEqual(numbers);
      });

      test('what comes after a task that failed for good fails too', async () => {
        const broken = fresh({ attempts: 1, firstDelayMs: 1, maxDelayMs: 1 });
        tasks.work(broken, () => {
          throw new Error('broken');
        });
        const id = await tasks.group(
          [flowTask(add, { a: 1, b: 1 }), flowTask(broken, { n: 1 })],
          flowTask(sum, {}),
        );
        await expect(tasks.queue(sum).result(id)).rejects.toMatchObject({ code: 'tasks.failed' });
      });

      test('wrong data is refused before anything is enqueued', async () => {
        const before = await tasks.queue(add).counts();
        expect(() => flowTask(add, { a: 'x', b: 1 } as never)).toThrow(/data\.a: /);
        expect(await tasks.queue(add).counts()).toEqual(before);
      });
    });

    describe('a schedule', () => {
      test('tells each run when it was due, however long before it was enqueued', async () => {
        const kind = fresh();
        const queue = tasks.queue(kind);
        const runs: { readonly dueAt: number; readonly lateMs: number }[] = [];
        tasks.work(kind, ({ n }, { dueAt }) => {
          runs.push({ dueAt: dueAt.getTime(), lateMs: Date.now() - dueAt.getTime() });
          return n;
        });
        await queue.schedule('each-other-second', { cron: '*/2 * * * * *' }, { n: 1 });
        await expect.poll(() => runs.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
        await queue.unschedule('each-other-second');
        for (const { dueAt, lateMs } of runs) {
          expect(Math.abs(Math.round(dueAt / 2_000) * 2_000 - dueAt)).toBeLessThan(50);
          expect(lateMs).toBeGreaterThan(-50);
          expect(lateMs).toBeLessThan(1_500);
        }
      });

      test('enqueues again and again until it is taken back, each run with a context of its own', async () => {
        const kind = fresh();
        const queue = tasks.queue(kind);
        const contexts = new Set<string | undefined>();
        const runs: number[] = [];
        tasks.work(kind, ({ n }) => {
          contexts.add(currentContext()?.correlationId);
          return runs.push(n);
        });
        await queue.schedule('tick', { everyMs: 200 }, { n: 1 });
        await queue.schedule('tick', { everyMs: 100 }, { n: 2 }); // replaces it
        await expect
          .poll(() => runs.filter((n) => n === 2).length, { timeout: 5_000 })
          .toBeGreaterThanOrEqual(5);
        expect(contexts.size).toBe(runs.length);
        expect(await queue.unschedule('tick')).toBe(true);
        expect(await queue.unschedule('tick')).toBe(false);
        const { length } = runs;
        await sleep(400);
        expect(runs.length - length).toBeLessThanOrEqual(1);
      });

      test('by cron comes at its time', async () => {
        const kind = fresh();
        const queue = tasks.queue(kind);
        const ran = Promise.withResolvers<Date>();
        tasks.work(kind, ({ n }) => {
          ran.resolve(new Date());
          return n;
        });
        await queue.schedule('each-second', { cron: '* * * * * *', timeZone: 'Europe/Berlin' }, { n: 1 });
        expect((await ran.promise).getMilliseconds()).toBeLessThan(900);
        await queue.unschedule('each-second');
      });

      test.each([
        [{ cron: 'every day' }, /cron: /],
        [{ cron: '' }, /cron: /],
        [{ cron: '0 7 * * *', timeZone: 'Mars/Olympus' }, /timeZone: /],
        [{ everyMs: 0 }, /everyMs: /],
      ])('that makes no sense is refused: %o', async (when, message) => {
        await expect(tasks.queue(add).schedule('s', when, { a: 1, b: 1 })).rejects.toThrow(message);
      });

      test('a name that a queue cannot have is refused', async () => {
        await expect(tasks.queue(add).schedule('a:b', { everyMs: 5 }, { a: 1, b: 1 })).rejects.toThrow(
          /name: /,
        );
      });
    });

    describe('workers', () => {
      test('run as many at one time as the task says, and not more', async () => {
        const kind = fresh();
        let now = 0;
        let most = 0;
        tasks.work(
          kind,
          async ({ n }) => {
            now += 1;
            most = Math.max(most, now);
            await sleep(30);
            now -= 1;
            return n;
          },
          { concurrency: 4 },
        );
        const ids = await tasks
          .queue(kind)
          .enqueueAll(Array.from({ length: 20 }, (_, n) => ({ data: { n } })));
        for (const id of ids) await tasks.queue(kind).result(id);
        expect(most).toBe(4);
      });

      test('together keep a rate limit', async () => {
        const times: number[] = [];
        const others = await createTasks({ url, name: 'others', log: collectingLog() });
        for (const each of [tasks, others]) each.work(throttled, () => void times.push(performance.now()));
        await tasks.queue(throttled).enqueueAll(Array.from({ length: 15 }, () => ({ data: {} })));
        await expect.poll(() => times.length, { timeout: 10_000 }).toBe(15);
        for (let i = 5; i < times.length; i += 1) {
          expect((times[i] ?? 0) - (times[i - 5] ?? 0)).toBeGreaterThan(250); // any five in a window, and its edges
        }
        // Two windows, but for a first run that begins late; one window if each worker had a limit of its own.
        expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(700);
        await others.close();
      });

      test('that stop wait for what runs', async () => {
        const kind = fresh();
        const began = Promise.withResolvers<void>();
        const worker = tasks.work(kind, async ({ n }) => {
          began.resolve();
          await sleep(300);
          return n;
        });
        const id = await tasks.queue(kind).enqueue({ n: 4 });
        await began.promise;
        await worker.stop();
        await expect(tasks.queue(kind).result(id, { timeoutMs: 0 })).resolves.toBe(4);
      });

      test('that stop waiting give back what runs, and no attempt is counted', async () => {
        const worker = tasks.work(nap, ({ ms }, { signal }) => sleep(ms, undefined, { signal }));
        const id = await tasks.queue(nap).enqueue({ ms: 15_000 });
        await expect.poll(async () => (await tasks.queue(nap).state(id))?.state).toBe('active');
        const start = performance.now();
        await worker.stop({ timeoutMs: 100 });
        expect(performance.now() - start).toBeLessThan(2_500);
        const attempts: number[] = [];
        tasks.work(nap, (_, { attempt }) => void attempts.push(attempt));
        await tasks.queue(nap).result(id, { timeoutMs: 5_000 });
        expect(attempts).toEqual([1]);
      });
    });

    describe('threads', () => {
      const threads = createThreads<typeof primes>(new URL('./support/primes.ts', import.meta.url), {
        threads: 2,
      });
      afterAll(() => threads.close());
      const ask = async (how: 'answer' | 'throw' | 'refuse' | 'exit' | 'spin', below = 10) => {
        const id = await tasks.queue(primes).enqueue({ below, how });
        return tasks.queue(primes).result(id, { timeoutMs: 20_000 });
      };
      beforeEach(() => void tasks.work(primes, threads.handler, { concurrency: 4 }));

      test('compute while the process goes on', async () => {
        let ticks = 0;
        const ticking = setInterval(() => (ticks += 1), 10);
        const found = await Promise.all([ask('answer', 400_000), ask('answer', 400_000), ask('answer', 100)]);
        clearInterval(ticking);
        expect(found).toEqual([33_860, 33_860, 25]);
        expect(ticks).toBeGreaterThan(3);
      });

      test('that throw, end or spin fail their task, and others take their place', async () => {
        await expect(ask('throw')).rejects.toThrow('no number');
        await expect(ask('refuse')).rejects.toThrow('never a number');
        await expect(ask('exit')).rejects.toThrow(/tasks\.thread_died: .*code: 3/);
        await expect(ask('spin')).rejects.toThrow(/tasks\.timed_out/);
        await expect(ask('answer')).resolves.toBe(4);
      });
    });

    test('counts what there is', async () => {
      const kind = fresh();
      const queue = tasks.queue(kind);
      await queue.enqueue({ n: 1 });
      await queue.enqueue({ n: 1 }, { priority: 5 });
      await queue.enqueue({ n: 1 }, { delayMs: 60_000 });
      expect(await queue.counts()).toEqual({ waiting: 2, active: 0, delayed: 1, completed: 0, failed: 0 });
    });

    test('finished tasks are removed when their time is over', async () => {
      const kind = { ...fresh(), keepMs: 300 };
      const queue = tasks.queue(kind);
      tasks.work(kind, ({ n }) => n);
      const id = await queue.enqueue({ n: 1 });
      await queue.result(id);
      await expect.poll(() => queue.state(id), { timeout: 5_000 }).toBeUndefined();
    });
  });
});
