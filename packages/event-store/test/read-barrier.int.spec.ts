import { serverFor } from '@emporium/servers';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReadBarrier } from '../src/projections/read-barrier.ts';
import { eventStore, silent } from './support.ts';
import type { Tables } from './totals.ts';

const postgres = await serverFor('postgres');
const later = { transaction: '3', position: 7 };

describe.skipIf(!postgres.available)(postgres.title('reads that wait for a version'), () => {
  let store: Store<Tables>;
  let close: () => Promise<void>;
  let queries = 0;

  beforeAll(async () => {
    ({ store, close } = await eventStore<Tables>(postgres.url));
    await sql`insert into projection values ('view', 1, '3', 6)`.execute(store.db);
  });
  afterAll(() => close());

  const counted = () =>
    store.db.withPlugin({
      transformQuery: ({ node }) => {
        queries += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    });
  const advance = (position: number) =>
    sql`update projection set position = ${position} where name = 'view'`.execute(store.db);

  test('share one query, however many they are, and go on when another process has applied the event', async () => {
    const barrier = createReadBarrier(counted(), silent);
    const waiting = Array.from({ length: 200 }, () => barrier.wait('view', later, 10_000));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(queries).toBeLessThan(20);
    await advance(7);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['reached']));
    await barrier.stop();
  });

  test('go on at once when this process has applied the event, and cost nothing afterwards', async () => {
    await advance(6);
    queries = 0;
    const barrier = createReadBarrier(counted(), silent);
    const waiting = barrier.wait('view', later, 10_000);
    await expect.poll(() => queries, { interval: 1 }).toBe(1);
    await advance(7);
    const began = performance.now();
    barrier.wake();
    expect(await waiting).toBe('reached');
    expect(performance.now() - began).toBeLessThan(90); // the poll is every 100 ms
    const before = queries;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(queries).toBe(before);
    await barrier.stop();
  });

  test.each([
    ['late', 'view', { transaction: '3', position: 8 }],
    ['late', 'nothing', later],
    ['unknown', 'view', { transaction: '9999999999', position: 1 }],
    ['reached', 'view', { transaction: '2', position: 1_000 }],
  ] as const)('end as %s: %s at %j', async (outcome, projection, version) => {
    const barrier = createReadBarrier(counted(), silent);
    expect(await barrier.wait(projection, version, 150)).toBe(outcome);
    await barrier.stop();
  });

  test('end as late when the process stops', async () => {
    const barrier = createReadBarrier(counted(), silent);
    const waiting = barrier.wait('nothing', later, 10_000);
    await barrier.stop();
    expect(await waiting).toBe('late');
  });
});
