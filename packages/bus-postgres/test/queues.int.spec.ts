import { setTimeout as sleep } from 'node:timers/promises';
import { aMessage, anEvent, aSubscription } from '@emporium/bus-testing';
import { createRegistry } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPostgresTransport } from '../src/index.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('a large backlog on postgres'), () => {
  const happened = anEvent();
  const subscription = aSubscription(happened);
  const registry = createRegistry({ contracts: [happened], subscriptions: [subscription] });
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let admin: pg.Client;
  let transport: ReturnType<typeof createPostgresTransport>;

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
    transport = createPostgresTransport({ url: database.url });
    await transport.topology(registry).apply();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(
      `insert into bus.message (subscription_id, partition, message_id, type, key, body)
        select s.id, 0, n::text, $1, n::text, '' from bus.subscription s, generate_series(1, 30000) n`,
      [happened.type],
    );
  }, 60_000);
  afterAll(async () => {
    await transport?.close();
    await admin?.end();
    await database?.drop();
  });

  test('is counted up to 10,000', async () => {
    expect(await transport.queues(registry)).toMatchObject([
      { subscription: subscription.name, waiting: 10_000 },
    ]);
  });

  test('that cannot be counted in time delays no publishing, and its query ends', async () => {
    const reading = `select count(*)::int as n from pg_stat_activity
      where datname = current_database() and application_name like '% read' and state = 'active'`;
    await admin.query('begin; lock table bus.subscription in access exclusive mode');
    const queues = transport.queues(registry);
    await expect(queues).rejects.toMatchObject({ code: expect.anything() });
    await sleep(500);
    expect((await admin.query(reading)).rows).toEqual([{ n: 0 }]);
    await admin.query('rollback');
    expect(await transport.publish([aMessage(happened)])).toEqual([{ status: 'accepted' }]);
    expect(await transport.queues(registry)).toMatchObject([{ waiting: 10_000 }]);
  });
});
