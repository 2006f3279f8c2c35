import { serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { readRequest } from '../src/otlp/read-request.ts';
import { createSpanBuffer } from '../src/spans/span-buffer.ts';
import { openSlot, recountSlots } from '../src/store/spans/open-slot.ts';
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

  test('a clock that is set back neither closes a slot with each batch nor empties one', async () => {
    const { send, spans, stored, store } = await open({ maxSpans: 1_300, maxBytes: 1e9 });
    // The slot was opened by a process whose clock was an hour ahead.
    await openSlot(store.db, { maxSpans: 1_300, maxBytes: 1e9 }, new Date(Date.now() + keepMs));
    for (let batch = 0; batch < 5; batch += 1) {
      await send(Array.from({ length: 60 }, (_, n) => spanOf(`${batch}-${n}`, { at: batch * 100 + n })));
      await spans.flushed();
    }
    expect(await stored()).toHaveLength(300);
    const { rows } = await sql<{ slots: number }>`
      select count(distinct slot)::int as slots from span`.execute(store.db);
    expect(rows[0]?.slots).toBeLessThanOrEqual(4);
  });

  test('slots that a crash of the server has emptied count nothing', async () => {
    const { send, spans, store } = await open();
    await send([spanOf('a')]);
    await spans.flushed();
    await sql`truncate span`.execute(store.db);
    await recountSlots(store.db);
    const counted = await store.db.selectFrom('span_slot').select('spans').where('spans', '>', 0).execute();
    expect(counted).toEqual([]);
  });

  test('what waits at a stop is written, and what cannot be written counts as lost', async () => {
    const { store } = await open();
    const buffer = createSpanBuffer(
      store,
      { maxSpans: 1e6, maxBytes: 1e9 },
      createLog({ service: 'test', level: 'silent' }),
    );
    const { spans } = readRequest(
      requestOf({ a: Array.from({ length: 5_000 }, (_, n) => spanOf(`s${n}`)) }),
      {
        now: Date.now(),
      },
    );
    const never = new AbortController().signal;
    const stopped = await buffer.stage.start(never);
    buffer.add(spans);
    await stopped?.(AbortSignal.timeout(20_000));
    expect(buffer.counts.read()).toMatchObject({ stored: 5_000, lost: 0 });
    const aborted = await buffer.stage.start(never);
    buffer.add(spans);
    await aborted?.(AbortSignal.abort());
    const { stored, lost } = buffer.counts.read();
    expect(lost).toBeGreaterThan(0);
    expect(stored + lost).toBe(10_000);
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
