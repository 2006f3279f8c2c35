import { busErrors, type EmitEffect, emit } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BackfillSource, Backfills } from '../src/index.ts';
import { counted, reminded } from './support/counting.ts';
import { eventually } from './support/eventually.ts';
import { type Counters, openTestStore, type TestStore } from './support/inventory.ts';
import { createFakeBroker, type FakeBroker } from './support/transport.ts';

const postgres = await serverFor('postgres');

const by = 'administrator';
const history = 1_000;
const batchSize = 10;

/** One event for each number, in batches. The first time, a batch may fail. */
const numbers = (failing = Number.NaN): BackfillSource<Counters> => {
  let fails = true;
  return {
    contracts: [counted, reminded],
    extent: async () => ({ until: String(history), total: history }),
    next: async (_db, { after = '0', until }) => {
      const from = Number(after) + 1;
      if (from > Number(until)) return undefined;
      if (from > failing && fails) {
        fails = false;
        throw new Error('the disk is slow today');
      }
      const events = Array.from({ length: batchSize }, (_, index) => ({
        event: eventOf(from + index),
        correlationId: `request-${from + index}`,
      }));
      return { position: String(from + batchSize - 1), items: batchSize, events };
    },
  };
};

const eventOf = (n: number): EmitEffect => emit(counted, { counter: `c${n}`, n }, { id: `event-${n}` });

describe.skipIf(!postgres.available)(postgres.title('a backfill'), () => {
  let opened: TestStore;
  let broker: FakeBroker;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
  });
  afterAll(() => opened?.close());
  beforeEach(async () => {
    broker = createFakeBroker();
    await opened.empty();
    await sql`delete from backfill`.execute(opened.store.db);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const start = (source = numbers(), store = opened.store): Backfills => {
    const backfills = store.backfills(source);
    const relay = store.startRelay(broker.transport);
    stops.push(() => relay.stop(), backfills.start());
    return backfills;
  };
  const finished = (backfills: Backfills) =>
    eventually(async () => (await backfills.progressOf('order.late'))?.state).toBe('finished');
  const sent = () => broker.addressed.map(({ message }) => message.id).toSorted();
  const all = Array.from({ length: history }, (_, index) => `event-${index + 1}`).toSorted();

  test('that its subscription refuses does not hold up what is for all', async () => {
    broker.refuseAddressed = () => busErrors.unroutable({ subscription: 'order.late' });
    const backfills = start();
    await backfills.request('order.late', by);
    await eventually(async () => (await backfills.progressOf('order.late'))?.waiting ?? 0).toBeGreaterThan(0);
    await opened.store.transaction(async ({ effects }) => {
      effects.push(emit(counted, { counter: 'c1', n: 1 }, { id: 'new' }));
    });
    await eventually(async () => broker.accepted.map(({ id }) => id)).toEqual(['new']);
    broker.refuseAddressed = () => undefined;
    await finished(backfills);
    expect(sent()).toEqual(all);
  });

  test('sends everything once, with the original ids, to one subscription and to no other', async () => {
    const backfills = start();
    expect(await backfills.request('order.late', by)).toMatchObject({ state: 'running', total: history });
    await finished(backfills);
    expect(sent()).toEqual(all);
    expect(new Set(broker.addressed.map(({ subscription }) => subscription))).toEqual(
      new Set(['order.late']),
    );
    expect(broker.accepted).toEqual([]);
    for (const { message } of broker.addressed) {
      const { id, correlationid } = JSON.parse(Buffer.from(message.body).toString());
      expect([message.id, correlationid]).toEqual([id, id.replace('event', 'request')]);
    }
    expect(await backfills.progressOf('order.late')).toMatchObject({ done: history, messages: history });
  });

  test('goes on where it stopped, in another instance, and repeats nothing', async () => {
    const first = start(numbers(300));
    await first.request('order.late', by);
    await eventually(async () => (await first.progressOf('order.late'))?.done).toBe(300);
    for (const stop of stops.splice(0).reverse()) await stop();
    await finished(start(numbers(), opened.again()));
    expect(sent()).toEqual(all);
  });

  test('is shared by two instances, each message sent once', async () => {
    const backfills = start();
    start(numbers(), opened.again());
    await backfills.request('order.late', by);
    await finished(backfills);
    expect(sent()).toEqual(all);
  });

  test('is one run while it is requested again, and another one after it has finished', async () => {
    const backfills = start();
    await Promise.all(Array.from({ length: 5 }, () => backfills.request('order.late', by)));
    await finished(backfills);
    expect(sent()).toEqual(all);
    await backfills.request('order.late', by);
    await finished(backfills);
    expect(sent()).toEqual([...all, ...all].toSorted());
  });

  test('keeps few messages in the outbox while the broker is slow, and does not delay new messages', async () => {
    const backfills = opened.store.backfills(numbers());
    stops.push(backfills.start());
    await backfills.request('order.late', by);
    await eventually(async () => (await backfills.progressOf('order.late'))?.waiting).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await backfills.progressOf('order.late'))?.waiting).toBe(200);
    await opened.store.transaction(async ({ effects }) => {
      effects.push(emit(counted, { counter: 'today', n: 1 }));
    });
    const relay = opened.store.startRelay(broker.transport);
    stops.push(() => relay.stop());
    await finished(backfills);
    expect(broker.accepted.map(({ key }) => key)).toEqual(['today']);
    expect(sent()).toEqual(all);
  });

  test.each([
    ['order.nothing', 'is not one of the shop'],
    ['inventory.counting', 'listens to no event of inventory'],
    ['order.heard', 'must say `backfill: true` in the registry'],
  ])('of %s is refused, and nothing is written', async (subscription, reason) => {
    const refusal = await start().request(subscription, by);
    expect(refusal).toEqual({ refused: expect.stringContaining(reason) });
    expect(await sql`select from backfill`.execute(opened.store.db)).toMatchObject({ rows: [] });
  });

  test('of what the service cannot create again is refused', async () => {
    const backfills = opened.store.backfills({ ...numbers(), contracts: [reminded] });
    expect(await backfills.request('order.late', by)).toEqual({
      refused: 'listens to counter.counted, which inventory cannot publish again',
    });
  });

  test('of nothing is finished at once', async () => {
    const backfills = start({ ...numbers(), extent: async () => undefined });
    expect(await backfills.request('order.late', by)).toMatchObject({ state: 'finished', total: 0 });
  });
});
