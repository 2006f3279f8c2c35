import { freshDatabase, serverFor } from '@emporium/servers';
import { DEFAULT_SCHEMA, runMigrations } from 'bullmq';
import pg from 'pg';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { amend } from '../src/datastore/amend.ts';
import { bodyOf, digestOf, knownFunctions } from '../src/datastore/known-functions.ts';
import { takeTurns } from '../src/datastore/schedules-in-turn.ts';
import { announceNothing } from '../src/datastore/unheard-events.ts';
import { createTasks, task } from '../src/index.ts';
import { add } from './support/kinds.ts';
import { collectingLog } from './support/log.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('tasks on PostgreSQL'), () => {
  let database: { url: string; drop(): Promise<void> };

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
  });
  afterAll(() => database?.drop());

  test('leave no trace of announcements that nobody hears, no matter who sets the queue up first', async () => {
    const all = await Promise.all(
      ['one', 'other', 'third'].map((name) => createTasks({ url: database.url, name, log: collectingLog() })),
    );
    try {
      for (const tasks of all) tasks.work(add, ({ a, b }) => a + b);
      const sums = all.map(async (tasks, a) => {
        const queue = tasks.queue(add);
        return queue.result(await queue.enqueue({ a, b: 1 }));
      });
      expect(await Promise.all(sums)).toEqual([1, 2, 3]);
    } finally {
      await Promise.all(all.map((tasks) => tasks.close()));
    }
    const client = await connect();
    const { rows } = await client.query(`
      select (select count(*)::int from bullmq.job where state = 'completed') as completed,
        (select count(*)::int from bullmq.event) as announced`);
    expect(rows).toEqual([{ completed: 3, announced: 0 }]);
  });

  test("rest on BullMQ's functions as they were read: an update of BullMQ that changes one of them is looked at", async () => {
    const fresh = await freshDatabase(postgres.url);
    onTestFinished(() => fresh.drop());
    const client = new pg.Client({ connectionString: fresh.url });
    await client.connect();
    try {
      await runMigrations(client);
      const found: Record<string, string> = {};
      for (const name of Object.keys(knownFunctions) as (keyof typeof knownFunctions)[])
        found[name] = digestOf((await bodyOf(client, DEFAULT_SCHEMA, name)) ?? '');
      expect(found).toEqual(knownFunctions);
    } finally {
      await client.end();
    }
  });

  test('does not open a queue over a function that nobody has looked at, and says which', async () => {
    const fresh = await freshDatabase(postgres.url);
    onTestFinished(() => fresh.drop());
    const first = await createTasks({ url: fresh.url, name: 'first', log: collectingLog() });
    await first.queue(add).counts();
    await first.close();
    const client = new pg.Client({ connectionString: fresh.url });
    await client.connect();
    const { rows } = await client.query<{ definition: string }>(
      `select pg_get_functiondef('bullmq.remove_job_scheduler'::regproc) as definition`,
    );
    await client.query((rows[0]?.definition ?? '').replace('\nBEGIN\n', '\nBEGIN\n  -- a new version\n'));
    await expect(amend(client, DEFAULT_SCHEMA, [announceNothing, takeTurns])).rejects.toThrow(
      "BullMQ's remove_job_scheduler is not the version that is known here",
    );
    await client.end();
  });

  test.each([
    {
      how: 'replaced',
      change: `select bullmq.add_job_scheduler($1, 'tick', null, '{"data": {"n": 2}}', '{}', '{"name": "t", "every": 100}',
        '{}', (extract(epoch from clock_timestamp()) * 1000)::bigint, null)`,
    },
    { how: 'taken back', change: `select bullmq.remove_job_scheduler($1, 'tick')` },
  ])(
    'a schedule that is $how has no more runs of the old, no matter who is about to enqueue one',
    async ({ change }) => {
      const kind = task(`ticking.t${uuid()}`, { schema: z.object({ n: z.number() }) });
      const tasks = await createTasks({ url: database.url, name: 'ticking', log: collectingLog() });
      onTestFinished(() => tasks.close());
      await tasks.queue(kind).schedule('tick', { everyMs: 200 }, { n: 1 });
      const [changing, working] = await Promise.all([connect(), connect()]);
      const taken = await working.query<{ id: string }>(
        `select id from bullmq.move_to_active($1, 'token', 10000, $2, null, null, null)`,
        [kind.name, Date.now()],
      );

      await changing.query('begin');
      await changing.query(change, [kind.name]);
      const enqueued = working.query(
        `select bullmq.update_job_scheduler_next_millis($1, 'tick', null, '{"data": {"n": 1}}', '{}', $2, $3) as id`,
        [kind.name, Date.now(), taken.rows[0]?.id],
      );
      await expect.poll(() => waiting(changing), { timeout: 5_000 }).toBe(1);
      await changing.query('commit');
      expect((await enqueued).rows).toEqual([{ id: null }]);
    },
  );

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined); // the call that meets it rejects
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  };

  /** Statements that wait for another transaction. */
  const waiting = async (client: pg.Client): Promise<number> => {
    const { rows } = await client.query<{ waiting: number }>(`
      select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`);
    return rows[0]?.waiting ?? 0;
  };
});
