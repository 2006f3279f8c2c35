import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Failpoint } from '../src/index.ts';
import { eventually } from './support/eventually.ts';
import { type InventoryChild, startInventoryChild } from './support/inventory-child.ts';
import { type OutsideWorld, openOutsideWorld } from './support/outside-world.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('a service that is killed with SIGKILL'), () => {
  let world: OutsideWorld;
  const children: InventoryChild[] = [];

  beforeEach(async () => {
    world = await openOutsideWorld(postgres.url);
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.splice(0).map(({ exit }) => exit));
    await world.close();
  });

  const start = async (failpoint?: string): Promise<InventoryChild> => {
    const child = await startInventoryChild(world, failpoint);
    children.push(child);
    return child;
  };

  const dies = async (child: InventoryChild): Promise<void> => {
    expect(await child.exit, child.log()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(() => process.kill(child.pid, 0)).toThrow('ESRCH');
  };

  /** Rows of the service's tables. */
  const rows = async () => {
    const found = await sql<{ effects: number; inbox: number; outbox: number }>`
      select (select count(*) from effect) as effects, (select count(*) from outbox) as outbox,
        (select count(*) from inbox where subscription = 'inventory.counting') as inbox`.execute(
      world.store.db,
    );
    return found.rows[0];
  };

  /** How often each command had its effect. */
  const effects = async (): Promise<number[]> => {
    const found = await sql<{
      times: number;
    }>`select count(*) as times from effect group by n order by n`.execute(world.store.db);
    return found.rows.map(({ times }) => times);
  };

  const values = async (): Promise<Record<string, number>> => {
    const counters = await world.store.db.selectFrom('counter').selectAll().execute();
    return Object.fromEntries(counters.map(({ name, value }) => [name, value]));
  };

  /** What must hold in the end, however often and wherever it was killed. */
  const assertEachOnce = async (asked: readonly string[]) => {
    await eventually(effects).toHaveLength(asked.length);
    await eventually(() => world.heardOnce().length).toBe(asked.length);
    await eventually(rows).toMatchObject({ outbox: 0 });
    expect(new Set(await effects())).toEqual(new Set([1]));
    const wanted = new Map<string, number>();
    for (const counter of asked) wanted.set(counter, (wanted.get(counter) ?? 0) + 1);
    expect(await values()).toEqual(Object.fromEntries(wanted));
    const said = world.heardOnce();
    for (const [counter, total] of wanted) {
      expect(said.filter((each) => each.counter === counter).map(({ n }) => n)).toEqual(
        Array.from({ length: total }, (_, index) => index + 1),
      );
    }
  };

  interface Crash {
    readonly failpoint: Failpoint;
    readonly what: string;
    /** In the tables, and heard by others, when it is dead. */
    readonly left: { effects: number; inbox: number; outbox: number };
    readonly heard: number;
    /** What the next start has to do, beside the effects, which are always the same. */
    afterwards(again: InventoryChild, id: string): Promise<void>;
  }

  const crashes: readonly Crash[] = [
    {
      failpoint: 'transaction.before-commit',
      what: 'before the commit: nothing has happened, and the message comes again',
      left: { effects: 0, inbox: 0, outbox: 0 },
      heard: 0,
      afterwards: async (again, id) => {
        expect(again.handled).toEqual([id]);
        expect(world.heard).toHaveLength(1);
      },
    },
    {
      failpoint: 'outbox.before-publish',
      what: 'after the commit and before the publish: it is published by the next start',
      left: { effects: 1, inbox: 1, outbox: 1 },
      heard: 0,
      afterwards: async (again) => {
        expect(again.handled).toEqual([]);
        expect(world.heard).toHaveLength(1);
      },
    },
    {
      failpoint: 'outbox.before-delete',
      what: 'after the publish and before the delete: it is published twice under one id',
      left: { effects: 1, inbox: 1, outbox: 1 },
      heard: 1,
      afterwards: async (again) => {
        expect(again.handled).toEqual([]);
        await eventually(() => world.heard.length).toBe(2);
        expect(world.heardOnce()).toHaveLength(1);
      },
    },
    {
      failpoint: 'runner.before-ack',
      what: 'after the handler and before the ack: it is delivered again and dropped by the inbox',
      left: { effects: 1, inbox: 1, outbox: 1 },
      heard: 0,
      afterwards: async (again, id) => {
        await eventually(() => again.delivered).toContain(id);
        expect(again.handled).toEqual([]);
      },
    },
  ];

  for (const { failpoint, what, left, heard, afterwards } of crashes) {
    test(what, async () => {
      const child = await start(failpoint);
      const [id = ''] = await world.ask(['a']);
      await dies(child);
      expect(await rows()).toEqual(left);
      await eventually(() => world.heard.length).toBe(heard);
      const again = await start();
      await assertEachOnce(['a']);
      await afterwards(again, id);
      expect(await rows()).toEqual({ effects: 1, inbox: 1, outbox: 0 });
    });

    test(`at ${failpoint}, again and again under load: each effect once, in order per key`, async () => {
      const asked = Array.from({ length: 400 }, (_, n) => `k${n % 8}`);
      const dying = await start(`${failpoint}@2`);
      await world.ask(asked.slice(0, 200));
      await dies(dying);
      const dyingAgain = await start(`${failpoint}@1`);
      await world.ask(asked.slice(200));
      await dies(dyingAgain);
      await start();
      await assertEachOnce(asked);
    }, 60_000);
  }

  test('two instances with two relays, killed in turn under load: each effect once, in order per key, for all who listen', async () => {
    const asked: string[] = [];
    const askMore = async (many: number) => {
      const more = Array.from({ length: many }, (_, n) => `k${n % 12}`);
      asked.push(...more);
      await world.ask(more);
    };
    const working = (least: number) =>
      eventually(async () => (await rows())?.effects ?? 0).toBeGreaterThan(least);

    const [one, two] = await Promise.all([start(), start()]);
    await eventually(relaysWithPartitions).toEqual([8, 8]);
    const traffic = (async () => {
      for (let round = 0; round < 20; round += 1) {
        await askMore(60);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    })();
    await working(200);
    one.kill('SIGKILL');
    await dies(one);
    const three = await start();
    await working(600);
    two.kill('SIGKILL');
    await dies(two);
    const four = await start();
    await traffic;
    await assertEachOnce(asked);

    // The service's own ordered subscription, shared by the instances, heard the same.
    const inOrder = async () => await world.store.db.selectFrom('heard').selectAll().orderBy('id').execute();
    await eventually(async () => (await inOrder()).length).toBe(asked.length);
    const last = new Map<string, number>();
    for (const { counter, n } of await inOrder()) {
      expect(n).toBe((last.get(counter) ?? 0) + 1);
      last.set(counter, n);
    }
    for (const child of [one, two, three, four]) expect(child.delivered.length).toBeGreaterThan(0);
    for (const child of [three, four]) {
      child.kill('SIGTERM');
      expect(await child.exit, child.log()).toEqual({ code: 0, signal: null });
    }
  }, 90_000);

  const relaysWithPartitions = async (): Promise<number[]> => {
    const found = await sql<{ held: number }>`
      select count(*) as held from pg_locks
      where locktype = 'advisory' and classid = 7001 and objsubid = 2
        and database = (select oid from pg_database where datname = current_database())
      group by pid`.execute(world.store.db);
    return found.rows.map(({ held }) => held);
  };
});
