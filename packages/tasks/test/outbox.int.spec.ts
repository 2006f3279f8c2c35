import { fork } from 'node:child_process';
import { once } from 'node:events';
import { currentContext, newContext, withContext } from '@emporium/bus';
import { freshDatabase, type OwnServer, ownServerFor } from '@emporium/servers';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTasks, enqueue, type Tasks } from '../src/index.ts';
import { copy, type Notes, openNotes } from './support/jotting.ts';
import { collectingLog } from './support/log.ts';
import { datastores } from './support/stores.ts';

const postgres = await ownServerFor('postgres');

describe.each(datastores)('$name', ({ available, title, start }) => {
  describe.skipIf(!(available && postgres.available))(
    title(postgres.title('a task of a transaction')),
    () => {
      let database: OwnServer;
      let server: OwnServer;
      let url: string;
      let databaseUrl: string;
      let store: Store<Notes>;
      let tasks: Tasks;
      beforeAll(async () => {
        database = await postgres.start();
        ({ server, url } = await start());
      });
      afterAll(() => Promise.all([database.stop(), server.stop()]));
      beforeEach(async () => {
        databaseUrl = (await freshDatabase(database.url)).url;
        store = await openNotes(databaseUrl);
        tasks = await createTasks({ url, name: 'test', log: collectingLog() });
      });
      afterEach(async () => {
        await tasks.close();
        await store.close();
      });

      const write = (text: string, options: Parameters<typeof enqueue>[2], fails = false) =>
        store.transaction(async ({ tx, effects }) => {
          await tx.insertInto('note').values({ text }).execute();
          effects.push(enqueue(copy, { text }, options));
          if (fails) throw new Error('no');
        });
      const left = async () => {
        const { rows } = await sql<{ n: number }>`select count(*) as n from task_outbox`.execute(store.db);
        return rows[0]?.n;
      };

      test('is enqueued when it commits, with its context, and forgotten then', async () => {
        store.startTaskRelay(tasks);
        const seen = Promise.withResolvers<unknown>();
        tasks.work(copy, ({ text }) => {
          seen.resolve(currentContext());
          return text;
        });
        const id = uuid();
        await withContext(newContext({ correlationId: 'request-1' }), () => write('a', { id }));
        await expect.poll(left).toBe(0);
        await expect(tasks.queue(copy).result(id)).resolves.toBe('a');
        await expect(seen.promise).resolves.toMatchObject({
          correlationId: 'request-1',
          causationId: id,
          hops: 0,
        });
      });

      test('is not enqueued when it does not commit', async () => {
        store.startTaskRelay(tasks);
        const id = uuid();
        await expect(write('a', { id }, true)).rejects.toThrow('no');
        await expect(
          store.transaction(
            async ({ effects }) => void effects.push(enqueue(copy, { text: 7 } as never, { id })),
          ),
        ).rejects.toThrow(/data\.text: /);
        expect(await left()).toBe(0);
        await expect(tasks.queue(copy).state(id)).resolves.toBeUndefined();
      });

      test('keeps its options', async () => {
        const relay = store.startTaskRelay(tasks);
        const ids = [uuid(), uuid(), uuid()];
        const at = new Date(Date.now() + 60_000);
        await write('delayed', { id: ids[0] ?? '', delayMs: 60_000 });
        await write('timed', { id: ids[1] ?? '', at, priority: 7 });
        await write('keyed', { id: ids[2] ?? '', dedupeKey: 'k' });
        await expect.poll(left).toBe(0);
        await relay.stop();
        const queue = await tasks.queue(copy).open();
        const jobs = await Promise.all(ids.map((id) => queue.getJob(id)));
        expect(jobs[0]?.delay).toBeGreaterThan(55_000);
        expect(jobs[1]?.delay).toBeGreaterThan(55_000);
        expect(jobs[1]?.opts).toMatchObject({ priority: 7, attempts: 3 });
        expect(jobs[2]?.deduplicationId).toBe('k');
      });

      test('is enqueued once by several relays, with many others', async () => {
        const others = [await openNotes(databaseUrl), await openNotes(databaseUrl)];
        const runs = new Map<string, number>();
        for (const each of [store, ...others]) each.startTaskRelay(tasks);
        tasks.work(
          copy,
          ({ text }) => {
            if (text.startsWith('of many ')) runs.set(text, (runs.get(text) ?? 0) + 1);
            return text;
          },
          { concurrency: 20 },
        );
        const texts = Array.from({ length: 600 }, (_, n) => `of many ${n}`);
        await Promise.all(
          [store, ...others].map((each, index) =>
            each.transaction(async ({ effects }) => {
              const own = texts.filter((_, n) => n % 3 === index);
              effects.push(...own.map((text) => enqueue(copy, { text })));
            }),
          ),
        );
        await expect.poll(() => runs.size, { timeout: 20_000 }).toBe(600);
        await expect.poll(left).toBe(0);
        expect(new Set(runs.values())).toEqual(new Set([1]));
        await Promise.all(others.map((each) => each.close()));
      });

      test('waits while the queue is away', async () => {
        store.startTaskRelay(tasks);
        await tasks.probe();
        await server.kill();
        const id = uuid();
        await write('a', { id });
        expect(await left()).toBe(1);
        await server.startServer();
        await expect.poll(left, { timeout: 20_000 }).toBe(0);
        tasks.work(copy, ({ text }) => text);
        await expect(tasks.queue(copy).result(id)).resolves.toBe('a');
      });

      test.each(['transaction.before-commit', 'task-outbox.before-add', 'task-outbox.before-delete'])(
        'survives a crash at %s, and is run once',
        async (failpoint) => {
          const id = uuid();
          const child = fork(new URL('./support/jotting-process.ts', import.meta.url), {
            execArgv: [],
            env: {
              PATH: process.env['PATH'],
              DATABASE_URL: databaseUrl,
              TASKS_URL: url,
              TASK_ID: id,
              EMPORIUM_FAILPOINT: failpoint,
            },
          });
          const [, signal] = await once(child, 'exit');
          expect(signal).toBe('SIGKILL');
          const notes = await store.db.selectFrom('note').selectAll().execute();
          let runs = 0;
          tasks.work(copy, ({ text }) => {
            runs += 1;
            return text;
          });
          if (failpoint === 'transaction.before-commit') {
            expect([notes, await left()]).toEqual([[], 0]);
            await expect(tasks.queue(copy).state(id)).resolves.toBeUndefined();
            return;
          }
          expect([notes, await left()]).toEqual([[{ text: id }], 1]);
          if (failpoint === 'task-outbox.before-delete') await tasks.queue(copy).result(id);
          store.startTaskRelay(tasks);
          await expect.poll(left).toBe(0);
          await expect(tasks.queue(copy).result(id)).resolves.toBe(id);
          expect(runs).toBe(1);
        },
      );
    },
  );
});
