import { createMessage, newContext } from '@emporium/bus';
import { createPostgresTransport } from '@emporium/bus-postgres';
import { canStart, type PostgresServer, startPostgres } from '@emporium/servers';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStore } from '../src/index.ts';
import { count, registry } from './support/counting.ts';
import { eventually } from './support/eventually.ts';
import type { Counters } from './support/inventory.ts';
import { startInventory } from './support/inventory-service.ts';
import { createMemoryLog } from './support/log.ts';

const postgres = await canStart('postgres');
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The service runs in this process: a rejection that nobody handles fails the test run. */
describe.skipIf(!postgres.available)(postgres.title('a service whose servers fail under load'), () => {
  let database: PostgresServer;
  let broker: PostgresServer;

  beforeEach(async () => {
    [database, broker] = await Promise.all([startPostgres(), startPostgres()]);
  });

  afterEach(async () => {
    await Promise.all([database?.stop(), broker?.stop()]);
  });

  const underLoad = async (fail: () => Promise<void>): Promise<void> => {
    const log = createMemoryLog();
    const databaseUrl = await database.createDatabase('inventory');
    const busUrl = await broker.createDatabase('bus');
    const customer = createPostgresTransport({ url: busUrl });
    await customer.topology(registry).apply();
    const inventory = await startInventory({ databaseUrl, busUrl, log });
    const asked = new Map<string, number>();
    let going = true;
    const traffic = (async () => {
      for (let n = 0; going; n += 1) {
        const counter = `k${n % 10}`;
        const message = createMessage('order', count, { counter, n }, newContext());
        for (;;) {
          const [result] = await customer.publish([message]);
          if (result?.status === 'accepted') break;
          await sleep(50);
        }
        asked.set(counter, (asked.get(counter) ?? 0) + 1);
        if (n % 20 === 0) await sleep(5);
      }
    })();
    await sleep(500);
    await fail();
    await sleep(500);
    going = false;
    await traffic;

    const look = createStore<Counters>({
      service: 'inventory',
      registry,
      url: databaseUrl,
      log,
      connections: 1,
    });
    const total = [...asked.values()].reduce((sum, each) => sum + each, 0);
    const heard = () => look.db.selectFrom('heard').selectAll().orderBy('id').execute();
    await eventually(async () => (await heard()).length).toBe(total);
    const { rows } = await sql`
      select (select count(*) from effect) as effects, (select count(distinct n) from effect) as distinct,
        (select count(*) from outbox) as outbox`.execute(look.db);
    expect(rows).toEqual([{ effects: total, distinct: total, outbox: 0 }]);
    const last = new Map<string, number>();
    for (const { counter, n } of await heard()) {
      expect(n).toBe((last.get(counter) ?? 0) + 1);
      last.set(counter, n);
    }
    expect(last).toEqual(asked);
    expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([]); // nothing is dead-lettered for it
    await look.close();
    await inventory.stop();
    await customer.close();
  };

  test('a database that is killed twice and started again loses and doubles nothing', async () => {
    await underLoad(async () => {
      for (const downMs of [0, 1_500]) {
        await database.kill();
        await sleep(downMs);
        await database.startServer();
        await sleep(700);
      }
    });
  }, 120_000);

  test('a broker that is killed twice and started again loses and doubles nothing', async () => {
    await underLoad(async () => {
      for (const downMs of [0, 1_500]) {
        await broker.kill();
        await sleep(downMs);
        await broker.startServer();
        await sleep(700);
      }
    });
  }, 120_000);

  test('both at once, in an orderly restart, lose and double nothing', async () => {
    await underLoad(async () => {
      await Promise.all([database.restart(), broker.restart()]);
    });
  }, 120_000);
});
