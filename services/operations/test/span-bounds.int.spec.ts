import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { openSlot } from '../src/store/spans/open-slot.ts';
import { keepMs, slotMs } from '../src/store/spans/slots.ts';
import { type Operations, openOperations } from './support/operations.ts';
import { requestOf, spanOf } from './support/spans.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the limits of stored spans'), () => {
  let operations: Operations | undefined;
  afterEach(() => operations?.close());

  const open = async (limits?: { readonly maxSpans: number; readonly maxBytes: number }) => {
    const opened = await openOperations(postgres.url, limits);
    operations = opened;
    const stored = async () => {
      const { rows } = await sql<{ name: string }>`select name from span order by started_us`.execute(
        opened.store.db,
      );
      return rows.map(({ name }) => name);
    };
    const send = async (spans: readonly unknown[]) => {
      const response = await opened.server.inject({
        ...{ method: 'POST', url: '/v1/traces', payload: requestOf({ a: spans }) },
      });
      return { status: response.statusCode, headers: response.headers, body: response.json() };
    };
    return { ...opened, stored, send };
  };

  test('beyond the rows the oldest are dropped, and the answers say how many', async () => {
    const { send, spans, stored, request } = await open({ maxSpans: 1_300, maxBytes: 1e9 });
    for (let batch = 0; batch < 16; batch += 1) {
      const attributes = { 'emporium.correlation_id': 'bounds-0001' };
      await send(
        Array.from({ length: 100 }, (_, n) => spanOf(`${batch}-${n}`, { at: batch * 100 + n, attributes })),
      );
      await spans.flushed();
    }
    const names = await stored();
    expect(names.length).toBeLessThanOrEqual(1_400);
    expect(names.length).toBeGreaterThanOrEqual(1_100);
    expect(names.at(-1)).toBe('15-99');
    const { body } = await request('GET', '/api/admin/trace/bounds-0001');
    expect(body.kept.dropped).toBe(1_600 - names.length);
  });

  test('beyond the bytes as well', async () => {
    const { send, spans, stored } = await open({ maxSpans: 1e6, maxBytes: 1_300_000 });
    for (let batch = 0; batch < 16; batch += 1) {
      await send(
        Array.from({ length: 100 }, (_, n) =>
          spanOf('x'.repeat(200), { at: n, attributes: { a: 'y'.repeat(900) } }),
        ),
      );
      await spans.flushed();
    }
    expect((await stored()).length).toBeLessThanOrEqual(1_500);
    expect(spans.counts.read().dropped).toBeGreaterThan(0);
  });

  test('a slot is emptied when its hour is over, and not before', async () => {
    const limits = { maxSpans: 1e6, maxBytes: 1e9 };
    const { send, spans, stored, store } = await open(limits);
    await send([spanOf('old')]);
    await spans.flushed();
    const later = new Date(Date.now() + slotMs + 1_000);
    expect(await openSlot(store.db, limits, later)).toEqual({ spans: 0 });
    await send([spanOf('young')]);
    await spans.flushed();
    await openSlot(store.db, limits, new Date(later.getTime() + keepMs - 1_000));
    expect(await stored()).toEqual(expect.arrayContaining(['old', 'young']));
    await openSlot(store.db, limits, new Date(later.getTime() + keepMs + 1_000));
    expect(await stored()).toEqual(['young']);
    expect(spans.counts.read().dropped).toBe(0);
  });

  test('two instances write into the same slots, and lose nothing', async () => {
    const first = await open({ maxSpans: 13_000, maxBytes: 1e9 });
    const limits = { maxSpans: 13_000, maxBytes: 1e9 };
    const now = new Date();
    await first.send([spanOf('a')]);
    await first.spans.flushed();
    await Promise.all([1, 2, 3, 4].map(() => openSlot(first.store.db, limits, now)));
    await first.send([spanOf('b')]);
    await first.spans.flushed();
    expect(await first.stored()).toHaveLength(2);
  });

  test('while the database is slow spans are shed with a 503 and Retry-After, and the others are kept', async () => {
    const { send, spans, stored, store } = await open();
    const { promise: unlocked, resolve: unlock } = Promise.withResolvers<void>();
    const { promise: locked, resolve: isLocked } = Promise.withResolvers<void>();
    const holding = store.db.transaction().execute(async (tx) => {
      await sql`lock table span_slot in access exclusive mode`.execute(tx);
      isLocked();
      await unlocked;
    });
    await locked;
    const batch = Array.from({ length: 5_000 }, (_, n) => spanOf(`s${n}`));
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const { status, headers, body } = await send(batch);
      statuses.push(status);
      if (status === 503) {
        expect(headers['retry-after']).toBe('2');
        expect(body.message).toMatch(/were not taken/);
      }
    }
    expect(statuses).toEqual([200, 200, 200, 200, 503, 503]);
    expect(spans.counts.read().shed).toBe(10_000);
    unlock();
    await holding;
    await spans.flushed();
    expect(await stored()).toHaveLength(20_000);
  });
});
