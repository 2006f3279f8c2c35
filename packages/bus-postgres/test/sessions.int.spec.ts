import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import { aMessage, anEvent, anOrderedSubscription, aSubscription } from '@emporium/bus-testing';
import { freshDatabase, serverFor } from '@emporium/servers';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPostgresTransport } from '../src/index.ts';

const server = await serverFor('postgres');

const happened = anEvent();
const unordered = aSubscription(happened);
const ordered = anOrderedSubscription(happened);

const messageOf = (id: string) => aMessage(happened, { id });

describe.skipIf(!server.available)(server.title('sessions of the postgres transport'), () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let admin: pg.Client;
  let transports: Transport[];

  beforeAll(async () => {
    database = await freshDatabase(server.url);
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
  });

  afterAll(async () => {
    await admin?.end();
    await database?.drop();
  });

  beforeEach(() => {
    transports = [];
  });

  afterEach(async () => {
    await Promise.all(transports.map((transport) => transport.close()));
    await admin.query('drop schema if exists bus cascade');
  });

  const connect = (options: { timeoutMs?: number } = {}): Transport => {
    const transport = createPostgresTransport({ url: database.url, connectionName: 'tested', ...options });
    transports.push(transport);
    return transport;
  };

  const backends = async (purpose: string): Promise<number[]> => {
    const { rows } = await admin.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and application_name like 'tested%' || $1",
      [purpose],
    );
    return rows.map(({ pid }) => pid);
  };

  const terminate = async (pids: readonly number[]): Promise<void> => {
    await admin.query('select pg_terminate_backend(pid) from unnest($1::int[]) as ended (pid)', [pids]);
  };

  test('an idle consumer is woken by a notification, and again after its connection was lost', async () => {
    const transport = connect();
    let delivered = (): void => {};
    await transport.subscribe(
      unordered,
      async (delivery) => {
        delivered();
        await delivery.ack();
      },
      { concurrency: 1 },
    );
    const latencies = async (round: string): Promise<number[]> => {
      const waited: number[] = [];
      for (let number = 0; number < 9; number += 1) {
        // At any point between two looks, which are a second apart.
        await sleep(110);
        const start = performance.now();
        const arrival = new Promise<void>((resolve) => {
          delivered = resolve;
        });
        await transport.publish([messageOf(`${round} ${number}`)]);
        await arrival;
        waited.push(performance.now() - start);
      }
      return waited.toSorted((one, other) => one - other);
    };

    const before = await latencies('before');
    await terminate(await backends('session'));
    await vi.waitFor(async () => expect(await backends('session')).toHaveLength(1), 5_000);
    await sleep(500);
    const after = await latencies('after');

    // Without notifications the median would be half a second.
    expect(before[4]).toBeLessThan(250);
    expect(after[4]).toBeLessThan(250);
  });

  test('a delivery in progress keeps its message when the connection is lost and opened again', async () => {
    const [one, other] = [connect(), connect()];
    const begun: Delivery[] = [];
    const deliver = async (delivery: Delivery) => {
      begun.push(delivery);
      await sleep(2_500);
      await delivery.ack();
    };
    await one.subscribe(unordered, deliver, { concurrency: 5 });
    await other.subscribe(unordered, deliver, { concurrency: 5 });
    await one.publish(['a', 'b', 'c'].map(messageOf));
    await vi.waitFor(() => expect(begun).toHaveLength(3), 5_000);

    await terminate(await backends('session'));
    await sleep(3_500);

    expect(begun).toHaveLength(3);
    expect(begun.every(({ signal }) => !signal.aborted)).toBe(true);
    expect((await admin.query('select from bus.message')).rowCount).toBe(0);
  });

  test('a delivery whose message another instance has locked meanwhile is aborted, and cannot be settled', async () => {
    const transport = connect();
    const begun: Delivery[] = [];
    await transport.subscribe(
      unordered,
      (delivery) => {
        begun.push(delivery);
        if (begun.length > 1) return delivery.ack();
        return new Promise<void>((resolve) => delivery.signal.addEventListener('abort', () => resolve()));
      },
      { concurrency: 1 },
    );
    await transport.publish([messageOf('stolen')]);
    await vi.waitFor(() => expect(begun).toHaveLength(1), 5_000);

    // A rival stands in line for the lock: it has it before the lost session can come back.
    const rival = new pg.Client({ connectionString: database.url });
    await rival.connect();
    try {
      const { rows } = await admin.query<{ id: string }>('select id from bus.message');
      const stolen = rival.query('select pg_advisory_lock($1)', [rows[0]?.id]);
      const inLine = "select from pg_locks where locktype = 'advisory' and not granted";
      await vi.waitFor(async () => expect((await admin.query(inLine)).rowCount).toBe(1), 5_000);
      await terminate(await backends('session'));
      await stolen;

      await vi.waitFor(() => expect(begun[0]?.signal.aborted).toBe(true), 5_000);
      await expect(begun[0]?.ack()).rejects.toThrow('given back');
    } finally {
      await rival.end();
    }
    await vi.waitFor(() => expect(begun).toHaveLength(2), 5_000);
  });

  test('a message whose ack the server refuses is delivered again', async () => {
    const transport = connect();
    const refusals: unknown[] = [];
    let acked = 0;
    await transport.subscribe(
      unordered,
      async (delivery) => {
        await delivery.ack().catch((error: unknown) => {
          refusals.push(error);
          throw error;
        });
        acked += 1;
      },
      { concurrency: 1 },
    );
    await admin.query(`
      create function bus.refuse() returns trigger language plpgsql as $$ begin raise 'planted'; end $$;
      create trigger refuse before delete on bus.message for each row execute function bus.refuse()`);

    await transport.publish([messageOf('stubborn')]);
    await vi.waitFor(() => expect(refusals.length).toBeGreaterThan(1), 5_000);
    await admin.query('drop trigger refuse on bus.message');

    await vi.waitFor(() => expect(acked).toBe(1), 5_000);
    expect(String(refusals[0])).toContain('planted');
  });

  test('instances share the partitions, and the last one owns them all', async () => {
    const owned = async (): Promise<number[]> => {
      const { rows } = await admin.query<{ partitions: number }>(
        `select count(*)::int as partitions from pg_locks
        where locktype = 'advisory' and objsubid = 2 and objid < 8
          and database = (select oid from pg_database where datname = current_database())
        group by pid order by 1`,
      );
      return rows.map(({ partitions }) => partitions);
    };
    const deliver = (delivery: Delivery) => delivery.ack();
    await connect().subscribe(ordered, deliver, { concurrency: 8 });
    await vi.waitFor(async () => expect(await owned()).toEqual([8]), 5_000);

    const joining = await connect().subscribe(ordered, deliver, { concurrency: 8 });
    await vi.waitFor(async () => expect(await owned()).toEqual([4, 4]), 5_000);
    await connect().subscribe(ordered, deliver, { concurrency: 8 });
    await vi.waitFor(async () => expect(await owned()).toEqual([2, 3, 3]), 5_000);

    await joining.stop();
    await vi.waitFor(async () => expect(await owned()).toEqual([4, 4]), 5_000);
  });

  test('a transport that publishes and consumes has three connections', async () => {
    const transport = connect();
    await transport.subscribe(unordered, (delivery) => delivery.ack(), { concurrency: 10 });
    await transport.subscribe(ordered, (delivery) => delivery.ack(), { concurrency: 10 });
    await transport.consumeDeadLetters(async () => {});
    await transport.publish(Array.from({ length: 100 }, (_, number) => messageOf(String(number))));
    await vi.waitFor(
      async () => expect((await admin.query('select from bus.message')).rowCount).toBe(0),
      5_000,
    );

    expect(await backends('')).toHaveLength(3);
  });

  test('several transports that connect to an empty database at once create its tables once', async () => {
    const results = await Promise.all(
      Array.from({ length: 6 }, () =>
        connect().subscribe(unordered, (delivery) => delivery.ack(), { concurrency: 1 }),
      ),
    );
    expect(results).toHaveLength(6);
    expect(
      (await admin.query('select from bus.subscription where name = $1', [unordered.name])).rowCount,
    ).toBe(1);
  });

  test('a publish on a lost connection is retried, and accepted', async () => {
    const transport = connect();
    await transport.publish([messageOf('before')]);
    await terminate(await backends('publish'));

    expect(await transport.publish([messageOf('after')])).toEqual([{ status: 'accepted' }]);
  });

  test('a server that does not answer counts as away until it answers again', async () => {
    const transport = connect({ timeoutMs: 500 });
    await transport.publish([messageOf('before')]);
    await admin.query('begin');
    await admin.query('lock table bus.message in access exclusive mode');
    const start = performance.now();

    const [result] = await transport.publish([messageOf('during')]);

    expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.broker_away' } });
    expect(performance.now() - start).toBeLessThan(3_000);
    await admin.query('rollback');
    expect(await transport.publish([messageOf('after')])).toEqual([{ status: 'accepted' }]);
    expect(transport.status()).toEqual({ state: 'up' });
  });

  test('a message that the server cannot store is refused, and the others of its batch are accepted', async () => {
    const transport = connect();
    const results = await transport.publish([
      messageOf('fine'),
      messageOf('with \0 in it'),
      messageOf('fine too'),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'refused', 'accepted']);
  });
});
