import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { emit, type Message } from '@emporium/bus';
import { canStart, type PostgresServer, startPostgres } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { count, counted, counting } from './support/counting.ts';
import { callOutside, openTestStore, received, type TestStore, tallies } from './support/inventory.ts';

const postgres = await canStart('postgres');
const asking = fileURLToPath(new URL('./support/asking-process.ts', import.meta.url));

describe.skipIf(!postgres.available)(postgres.title('a command that was begun outside in time'), () => {
  let database: PostgresServer;
  let opened: TestStore;

  beforeAll(async () => {
    database = await startPostgres();
  });
  afterAll(() => database?.stop());
  beforeEach(async () => {
    opened = await openTestStore(database.adminUrl);
  });
  afterEach(() => opened.close());

  const asked: string[] = [];

  /** Charges outside, and says so as `n`; an expired command is answered with `-n`. */
  const charging = (charge: (key: string) => Promise<void> = async () => {}) =>
    callOutside(count, tallies, {
      idempotencyKey: ({ data }) => `key-of-${data.n}`,
      before: () => ({ request: undefined }),
      call: async (_, { idempotencyKey }) => {
        asked.push(idempotencyKey);
        await charge(idempotencyKey);
      },
      after: ({ data }) => ({ change: data.n, effects: emit(counted, { counter: data.counter, n: data.n }) }),
      expired: ({ data }) => ({ effects: emit(counted, { counter: data.counter, n: -data.n }) }),
    });

  const run = (message: Message, handler = charging()) =>
    opened.store.runner(counting, [handler]).run(message, new AbortController().signal);
  const expiring = (ms: number) =>
    received(count, { counter: 'a', n: 1 }, { expiry: new Date(Date.now() + ms) });
  const answers = async (): Promise<number[]> => {
    const { rows } = await sql<{ body: Buffer }>`select body from outbox order by id`.execute(
      opened.store.db,
    );
    return rows.map(({ body }) => JSON.parse(body.toString()).data.n);
  };

  test('is finished after a database that stopped between the call and the commit, past its expiry', async () => {
    asked.length = 0;
    const message = expiring(500);
    const stopping = charging(() => database.stopServer());
    await expect(run(message, stopping)).rejects.toMatchObject({ settle: 'pause' });
    await database.startServer();
    await sleep(Math.max(0, (message.expiry?.getTime() ?? 0) - Date.now()) + 10);
    await run(message);
    expect(await answers()).toEqual([1]);
    expect(asked).toEqual(['key-of-1', 'key-of-1']);
  });

  test('is finished after a process that was killed between the call and the commit, past its expiry', async () => {
    const child = fork(asking, [opened.url, 'killed-1'], { execArgv: [] });
    const exit = once(child, 'exit');
    const [expiresAt] = await once(child, 'message');
    expect(await exit).toEqual([null, 'SIGKILL']);
    await sleep(Math.max(0, expiresAt - Date.now()) + 10);
    await run(received(count, { counter: 'a', n: 1 }, { id: 'killed-1', expiry: new Date(expiresAt) }));
    expect(await answers()).toEqual([1]);
  });

  test('is finished once, however often it comes again', async () => {
    const message = expiring(200);
    const failing = charging(() => Promise.reject(new Error('no answer')));
    await expect(run(message, failing)).rejects.toThrow('no answer');
    await sleep(250);
    await expect(run(message, failing)).rejects.toThrow('no answer');
    for (let again = 0; again < 3; again += 1) await run(message);
    expect(await answers()).toEqual([1]);
  });

  test('makes no difference to another message that comes too late', async () => {
    await run(expiring(10_000));
    await run(expiring(-1));
    expect(await answers()).toEqual([1, -1]);
  });

  test('was not begun where the transaction before the call failed', async () => {
    const message = expiring(200);
    const failing = callOutside(count, tallies, {
      before: () => {
        throw new Error('no request');
      },
      call: async () => undefined,
      after: () => ({}),
    });
    await expect(run(message, failing)).rejects.toThrow('no request');
    await sleep(250);
    await run(message);
    expect(await answers()).toEqual([-1]);
  });
});
