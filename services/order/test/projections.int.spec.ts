import { spawn } from 'node:child_process';
import { causeOf, newContext } from '@emporium/bus';
import { appendEvents } from '@emporium/event-store';
import { serverFor } from '@emporium/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderEvent } from '../src/domain/order.ts';
import type { OrderTables } from '../src/store/tables.ts';
import { projections } from '../src/views/index.ts';
import { expectedViews, type Past, readTables, readViews } from './support/expected-views.ts';
import { type Orders, openOrders } from './support/orders.ts';
import { decided, type Random, randomCommand, randomOf } from './support/random-orders.ts';

const postgres = await serverFor('postgres');
const names = projections.map(({ name }) => name);
const tables = projections.flatMap((each) => each.tables);
const patience = { timeout: 30_000, interval: 50 };
const seeds = [1, 2];
const cause = causeOf(newContext(), { kind: 'service', name: 'test' });

describe.skipIf(!postgres.available)(postgres.title('the read models, over random histories'), () => {
  let orders: Orders;
  const pasts = new Map<string, { at: Date; event: OrderEvent }[]>();

  beforeAll(async () => {
    orders = await openOrders(postgres.url);
  });
  afterAll(() => orders.close());

  let round = 0;
  /** One transaction: the next events of some orders, most of them young. */
  const appendSome = async (seed: number, random: Random, lane = 0): Promise<void> => {
    round += 1;
    const ids = new Set(
      Array.from(
        { length: 1 + Math.floor(random() * 8) },
        () => `order-${seed}-${lane}-${Math.floor(round + random() * 40)}`,
      ),
    );
    const at = new Date(
      Date.UTC(2026, 0, 1 + Math.floor(random() * 5), 0, 0, 0, Math.floor(random() * 1_000)),
    );
    const appends = [...ids].map((stream) => {
      const past = pasts.get(stream) ?? [];
      const history = past.map(({ event }) => event);
      const events = decided(history, randomCommand(history, random));
      return { stream, expectedVersion: past.length, changes: [{ events, cause }] };
    });
    await orders.store.transaction(({ tx }) => appendEvents<OrderEvent, OrderTables>(tx, appends, at));
    for (const { stream, changes } of appends)
      pasts.set(stream, [
        ...(pasts.get(stream) ?? []),
        ...changes.flatMap(({ events }) => events.map((event) => ({ at, event }))),
      ]);
  };
  const expected = () => expectedViews([...pasts].map(([id, events]): Past => ({ id, events })));
  const isUpToDate = async () => {
    const { body } = await orders.ask('GET', '/api/admin/reports/projections', {
      as: 'a',
      role: 'administrator',
    });
    return body.projections.every(({ lag }: { lag: { events: number } }) => lag.events === 0);
  };
  const rebuild = (name: string, failpoint?: string) => {
    const child = spawn(
      process.execPath,
      [new URL('../src/projections/main.ts', import.meta.url).pathname, 'rebuild', name],
      {
        env: {
          ...process.env,
          DATABASE_URL: orders.url,
          ...(failpoint === undefined ? {} : { EMPORIUM_FAILPOINT: failpoint }),
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    return new Promise<number | NodeJS.Signals | null>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ?? code)),
    );
  };

  test.each(seeds)(
    'are what the orders lead to, also when rebuilt with kills while orders go on (%i)',
    async (seed) => {
      const random = randomOf(seed);
      for (let n = 0; n < 200; n += 1) await appendSome(seed, random);
      let rebuilt = false;
      const rebuilding = (async () => {
        for (const name of names) {
          const time = 1 + Math.floor(random() * 3);
          expect(await rebuild(name, `transaction.before-commit@${time}`)).toBe('SIGKILL');
          const results = await Promise.all([rebuild(name), ...(random() < 0.5 ? [rebuild(name)] : [])]);
          expect(new Set(results)).toEqual(new Set([0]));
        }
      })().finally(() => {
        rebuilt = true;
      });
      let during = 0;
      for (; !rebuilt; during += 1)
        await Promise.all([0, 1, 2].map((lane) => appendSome(seed, random, lane)));
      await rebuilding;
      expect(during).toBeGreaterThan(50);
      await expect.poll(isUpToDate, patience).toBe(true);
      expect(await readViews(orders.store.db)).toEqual(expected());

      const live = await readTables(orders.store.db, tables);
      for (const name of names) expect(await rebuild(name)).toBe(0);
      expect(await readTables(orders.store.db, tables)).toEqual(live);
    },
  );

  test('the histories are varied enough', () => {
    const statuses = Object.values(expected().statuses);
    for (const status of ['placed', 'confirmed', 'completed', 'cancelling', 'cancelled', 'needs-attention'])
      expect(statuses.filter((each) => each === status).length, status).toBeGreaterThan(5);
    expect(Object.keys(expected().refunds).length).toBeGreaterThan(0);
  });
});
