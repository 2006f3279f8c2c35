import { freshDatabase, serverFor } from '@emporium/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTasks } from '../src/index.ts';
import { add } from './support/kinds.ts';
import { collectingLog } from './support/log.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('tasks on PostgreSQL'), () => {
  let database: { url: string; drop(): Promise<void> };

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
  });
  afterAll(() => database?.drop());

  test('leave no trace of announcements that nobody hears, whoever sets the queue up first', async () => {
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
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined); // the call that meets it rejects
    await client.connect();
    try {
      const { rows } = await client.query(`
        select (select count(*)::int from bullmq.job where state = 'completed') as completed,
          (select count(*)::int from bullmq.event) as announced`);
      expect(rows).toEqual([{ completed: 3, announced: 0 }]);
    } finally {
      await client.end();
    }
  });
});
