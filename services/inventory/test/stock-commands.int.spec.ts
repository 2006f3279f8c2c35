import { createMessage, newContext, readMessage } from '@emporium/bus';
import {
  type Contract,
  commitReservation,
  type Input,
  releaseStock,
  reserveStock,
  shop,
  stockRejected,
} from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  commit as commitReserved,
  type Reservable,
  release as releaseReservation,
  reserve as reserveLines,
} from '../src/domain/reservation.ts';
import { reservations } from '../src/store/reservations.ts';
import { command, type Inventory, openInventory } from './support/inventory.ts';

const postgres = await serverFor('postgres');

const line = (sku: string, quantity = 1) => ({ sku, quantity });
const reserve = (orderId: string, ...lines: Input<typeof reserveStock>['lines']) =>
  command(reserveStock, { orderId, lines }, { stepId: `${orderId}/reserve/1` });
const release = (orderId: string) =>
  command(releaseStock, { orderId }, { stepId: `${orderId}/reserve/undo` });
const commit = (orderId: string) =>
  command(commitReservation, { orderId }, { stepId: `${orderId}/commit/1` });

describe.skipIf(!postgres.available)(postgres.title('the stock commands'), () => {
  let inventory: Inventory;

  beforeEach(async () => {
    inventory = await openInventory(postgres.url);
    await inventory.stock({ CUP: 5, TEA: 10 });
  });

  afterEach(() => inventory.close());

  const types = async () => (await inventory.published()).map(({ type }) => type);

  test('reserve and commit, each delivered twice, are answered', async () => {
    const orderId = uuid();
    await inventory.handleTwice(reserve(orderId, line('TEA', 3), line('CUP', 1)));
    expect(await inventory.published()).toEqual([
      { type: 'stock.reserved.v2', stepId: `${orderId}/reserve/1`, data: { orderId } },
    ]);
    await inventory.handleTwice(commit(orderId));
    expect(await inventory.published()).toEqual([
      { type: 'stock.committed.v2', stepId: `${orderId}/commit/1`, data: { orderId } },
    ]);
    expect(await inventory.levels()).toEqual([
      { sku: 'CUP', received: 5, sold: 1, reserved: 0 },
      { sku: 'TEA', received: 10, sold: 3, reserved: 0 },
    ]);
  });

  test('a command of the previous release is answered in its version', async () => {
    const orderId = uuid();
    const stepId = `${orderId}/reserve/1`;
    const first = shop.contract('inventory.reserve-stock');
    if (first === undefined) throw new Error('version 1 is not registered');
    const { body } = createMessage(
      'order',
      first,
      { orderId, stepId, lines: [line('TEA', 3)] },
      newContext(),
    );
    await inventory.handleTwice(readMessage(shop, new Set<Contract>([reserveStock]), body));
    expect(await inventory.published()).toEqual([
      { type: 'stock.reserved', data: { orderId, stepId }, stepId },
    ]);
  });

  test('a release that is delivered twice makes the pieces available once', async () => {
    const orderId = uuid();
    await inventory.handleTwice(reserve(orderId, line('TEA', 3)));
    await inventory.handleTwice(release(orderId));
    await inventory.handle(release(orderId));
    expect(await types()).toEqual(['stock.reserved.v2', 'stock.released.v2', 'stock.released.v2']);
    expect(await inventory.levels()).toMatchObject([{ reserved: 0 }, { sku: 'TEA', sold: 0, reserved: 0 }]);
  });

  test('a reservation repeated as another message gets the first reply', async () => {
    const orderId = uuid();
    await inventory.handle(reserve(orderId, line('TEA', 3)));
    await inventory.handle(reserve(orderId, line('TEA', 3)));
    expect(await types()).toEqual(['stock.reserved.v2', 'stock.reserved.v2']);
    expect(await inventory.levels()).toMatchObject([{ reserved: 0 }, { sku: 'TEA', reserved: 3 }]);
  });

  test('a rejection says what is missing, and stays a rejection after a restock', async () => {
    const orderId = uuid();
    const asked = reserve(orderId, line('TEA', 1), line('CUP', 6));
    await inventory.handleTwice(asked);
    await sql`update stock set received = 100`.execute(inventory.store.db);
    await inventory.handle(reserve(orderId, line('TEA', 1), line('CUP', 6)));
    const rejection = {
      type: 'stock.rejected.v2',
      stepId: `${orderId}/reserve/1`,
      data: {
        orderId,
        reason: 'out-of-stock',
        missing: [{ sku: 'CUP', requested: 6, available: 5 }],
      },
    };
    expect(await inventory.published()).toEqual([rejection, rejection]);
    expect(await inventory.levels()).toMatchObject([{ reserved: 0 }, { reserved: 0 }]);
  });

  test('a rejection of more pieces than a line may request matches the contract', async () => {
    await inventory.handle(reserve(uuid(), line('TEA', 10_000), line('TEA', 10_000)));
    const [answer] = await inventory.published();
    expect(stockRejected.strictSchema.parse(answer?.data)).toMatchObject({
      missing: [{ sku: 'TEA', requested: 10_000, available: 10 }],
    });
  });

  test('a release that arrives before its reservation rejects it', async () => {
    const orderId = uuid();
    await inventory.handleTwice(release(orderId));
    await inventory.handleTwice(reserve(orderId, line('TEA')));
    expect(await inventory.published()).toMatchObject([
      { type: 'stock.released.v2' },
      { type: 'stock.rejected.v2', data: { reason: 'released', missing: [] } },
    ]);
    expect(await inventory.levels()).toMatchObject([{ reserved: 0 }, { reserved: 0 }]);
  });

  test('an expired reservation is rejected, and stays rejected', async () => {
    const orderId = uuid();
    const data = { orderId, lines: [line('TEA')] };
    await inventory.handleTwice(command(reserveStock, data, { expiry: new Date(Date.now() - 1) }));
    await inventory.handle(command(reserveStock, data));
    expect(await inventory.published()).toMatchObject([
      { type: 'stock.rejected.v2', data: { reason: 'expired' } },
      { type: 'stock.rejected.v2', data: { reason: 'expired' } },
    ]);
    expect(await inventory.levels()).toMatchObject([{ reserved: 0 }, { reserved: 0 }]);
  });

  test('an expired repetition of a reservation gets the first reply', async () => {
    const orderId = uuid();
    const data = { orderId, lines: [line('TEA')] };
    await inventory.handle(command(reserveStock, data));
    await inventory.handle(command(reserveStock, data, { expiry: new Date(Date.now() - 1) }));
    expect(await types()).toEqual(['stock.reserved.v2', 'stock.reserved.v2']);
  });

  test('a command that contradicts the state is a dead letter at once and changes nothing', async () => {
    const [unknown, released] = [uuid(), uuid()];
    await inventory.handle(release(released));
    await inventory.published();
    for (const orderId of [unknown, released]) {
      await expect(inventory.handle(commit(orderId))).rejects.toMatchObject({ settle: 'dead-letter' });
    }
    expect(await inventory.reservation(unknown)).toBeUndefined();
    expect(await inventory.published()).toEqual([]);
  });

  test('a command that fails does not affect the others of its group', async () => {
    const orders = Array.from({ length: 5 }, () => uuid());
    const results = await Promise.allSettled([
      ...orders.map((orderId) => inventory.handle(reserve(orderId, line('TEA')))),
      inventory.handle(commit(uuid())),
    ]);
    expect(results.map(({ status }) => status)).toEqual([...orders.map(() => 'fulfilled'), 'rejected']);
    expect(await inventory.levels()).toMatchObject([{ reserved: 0 }, { sku: 'TEA', reserved: 5 }]);
  });

  test('the commands of a group are decided one after the other, and see the changes of those before', async () => {
    const lines = [line('CUP', 3)];
    const decisions = [
      { data: { orderId: 'a', lines }, decide: (state: Reservable) => reserveLines(state, lines) },
      { data: { orderId: 'b', lines }, decide: (state: Reservable) => reserveLines(state, lines) },
      { data: { orderId: 'a' }, decide: releaseReservation },
      { data: { orderId: 'c', lines }, decide: (state: Reservable) => reserveLines(state, lines) },
      { data: { orderId: 'c' }, decide: commitReserved },
    ];
    const decided = await inventory.store.transaction(({ tx, now }) =>
      reservations.decideAll({ tx, now }, decisions, ({ decide }, state) => decide(state)),
    );
    expect(decided.map(({ decision }) => decision.reply.kind)).toEqual([
      'reserved',
      'rejected',
      'released',
      'reserved',
      'committed',
    ]);
    const levels = await inventory.levels();
    expect(levels.find(({ sku }) => sku === 'CUP')).toMatchObject({ received: 5, sold: 3, reserved: 0 });
    const states = await Promise.all(['a', 'b', 'c'].map((id) => inventory.reservation(id)));
    expect(states.map((row) => row?.status)).toEqual(['released', 'rejected', 'committed']);
  });

  test('two hundred orders at the same time for the last fifty pieces, with four processes', async () => {
    await inventory.stock({ LAST: 50 });
    const instances = [inventory, inventory.instance(), inventory.instance(), inventory.instance()];
    const before = await deadlocks();
    const orders = Array.from({ length: 200 }, () => uuid());
    const messages = orders.map((orderId) => reserve(orderId, line('LAST')));
    // Two processes get every message, the others get the same commands as other messages: brokers and clients both repeat.
    const [one, two, ...others] = instances;
    await Promise.all([
      ...messages.flatMap((message) => [one?.handle(message), two?.handle(message)]),
      ...others.flatMap(({ handle }) => orders.map((orderId) => handle(reserve(orderId, line('LAST'))))),
    ]);
    expect(await deadlocks()).toBe(before);
    const published = await inventory.published();
    const answers = Map.groupBy(published, ({ data }) => data['orderId']);
    expect(answers.size).toBe(200);
    expect([...answers.values()].map((given) => new Set(given.map(({ type }) => type)).size)).toEqual(
      orders.map(() => 1),
    );
    expect([...answers.values()].filter(([first]) => first?.type === 'stock.reserved.v2')).toHaveLength(50);
    expect(published).toHaveLength(600); // three messages per order, however often each was delivered
    expect(await inventory.levels()).toContainEqual({ sku: 'LAST', received: 50, sold: 0, reserved: 50 });
  });

  test('orders with the same skus in different order do not deadlock', async () => {
    const skus = Array.from({ length: 60 }, (_, n) => `SKU-${n}`);
    await inventory.stock(Object.fromEntries(skus.map((sku) => [sku, 10_000])));
    const instances = [inventory, ...Array.from({ length: 5 }, () => inventory.instance())];
    const before = await deadlocks();
    const orders = Array.from({ length: 120 }, () => uuid());
    const work = orders.map(async (orderId, n) => {
      const turned = [...skus.slice(n % skus.length), ...skus.slice(0, n % skus.length)];
      const lines = (n % 2 === 0 ? turned : turned.toReversed()).map((sku) => line(sku, 1 + (n % 3)));
      const one = instances[n % instances.length] ?? inventory;
      const other = instances[(n + 1) % instances.length] ?? inventory;
      const end = () => (n % 5 === 0 ? release(orderId) : commit(orderId));
      await one.handle(reserve(orderId, ...lines));
      await other.handle(end());
      await Promise.all([one.handle(end()), other.handle(end())]);
    });
    await Promise.all(work);
    expect(await deadlocks()).toBe(before);
    const sold = orders.reduce((total, _, n) => total + (n % 5 === 0 ? 0 : 1 + (n % 3)), 0);
    for (const level of (await inventory.levels()).filter(({ sku }) => skus.includes(sku))) {
      expect(level).toMatchObject({ sold, reserved: 0 });
    }
  });

  test('the same orders in six processes do not deadlock', async () => {
    await inventory.stock({ MANY: 1_000 });
    const instances = [inventory, ...Array.from({ length: 5 }, () => inventory.instance())];
    const before = await deadlocks();
    const orders = Array.from({ length: 300 }, () => uuid());
    await Promise.all(
      instances.flatMap(({ handle }) => orders.map((orderId) => handle(reserve(orderId, line('MANY'))))),
    );
    expect(await deadlocks()).toBe(before);
    expect(await inventory.levels()).toContainEqual({ sku: 'MANY', received: 1_000, sold: 0, reserved: 300 });
  });

  test('the database refuses to sell more than there is', async () => {
    const { db } = inventory.store;
    await expect(sql`update stock set reserved = 6 where sku = 'CUP'`.execute(db)).rejects.toThrow(
      'stock_not_negative',
    );
    await expect(sql`update stock set reserved = -1 where sku = 'CUP'`.execute(db)).rejects.toThrow(
      'stock_not_negative',
    );
  });

  test('random commands in two processes keep the stock consistent', async () => {
    const instances = [inventory, inventory.instance()];
    const orders = Array.from({ length: 40 }, () => uuid());
    const commands = orders.flatMap((orderId, n) => [
      { instance: n % 2, message: reserve(orderId, line(n % 3 === 0 ? 'CUP' : 'TEA', 1 + (n % 2))) },
      ...(n % 4 === 0 ? [{ instance: (n + 1) % 2, message: release(orderId) }] : []),
      ...(n % 3 === 0 ? [{ instance: n % 2, message: commit(orderId) }] : []),
      { instance: (n + 1) % 2, message: reserve(orderId, line('TEA')) },
    ]);
    await Promise.allSettled(commands.map(({ instance, message }) => instances[instance]?.handle(message)));
    const { rows } = await sql<{ sku: string; status: string; pieces: number }>`
      select line ->> 'sku' as sku, status, sum((line ->> 'quantity')::int) as pieces
      from reservation, jsonb_array_elements(state -> 'lines') as line group by 1, 2`.execute(
      inventory.store.db,
    );
    const held = (sku: string, status: string) =>
      Number(rows.find((row) => row.sku === sku && row.status === status)?.pieces ?? 0);
    for (const { sku, received, sold, reserved } of await inventory.levels()) {
      expect({ sku, sold, reserved }).toEqual({
        sku,
        sold: held(sku, 'committed'),
        reserved: held(sku, 'reserved'),
      });
      expect(received - sold - reserved).toBeGreaterThanOrEqual(0);
    }
    expect(rows.length).toBeGreaterThan(0);
  });

  /** The statistics of the server, which a connection reports when it is idle. */
  const deadlocks = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const { rows } = await sql<{ deadlocks: number }>`
      select deadlocks from pg_stat_database where datname = current_database()`.execute(inventory.store.db);
    return rows[0]?.deadlocks ?? Number.NaN;
  };
});
