import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createExportLog } from './export-log.ts';
import { createExportQueue, ExportError } from './export-queue.ts';

const counting = () => {
  const counts = { exported: 0, dropped: new Map<string, number>() };
  return {
    counts,
    listener: {
      exported: (spans: number) => {
        counts.exported += spans;
      },
      dropped: (spans: number, reason: string) =>
        void counts.dropped.set(reason, (counts.dropped.get(reason) ?? 0) + spans),
    },
  };
};

describe('the export queue', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => vi.useRealTimers());

  test('sends a batch after a second, and a full one at once', async () => {
    const { counts, listener } = counting();
    const batches: number[] = [];
    const queue = createExportQueue<number>({
      listener,
      sizeOf: () => 1,
      send: async (batch) => void batches.push(batch.length),
    });
    queue.add(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([1]);
    for (let each = 0; each < 600; each += 1) queue.add(each);
    await vi.advanceTimersByTimeAsync(0);
    expect(batches).toEqual([1, 512]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(batches).toEqual([1, 512, 88]);
    expect(counts.exported).toBe(601);
  });

  test('cuts a batch of large spans, and holds a bounded number of bytes', async () => {
    const { counts, listener } = counting();
    const batches: number[] = [];
    const queue = createExportQueue<number>({
      listener,
      sizeOf: () => 300_000,
      send: async (batch) => void batches.push(batch.length),
    });
    for (let each = 0; each < 100; each += 1) queue.add(each);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(Math.max(...batches)).toBe(3);
    expect(counts.exported + (counts.dropped.get('queue_full') ?? 0)).toBe(100);
    expect(counts.dropped.get('queue_full')).toBeGreaterThan(30);
  });

  test('drops a batch that is refused, pauses, and goes on', async () => {
    const { counts, listener } = counting();
    let fails = true;
    let requests = 0;
    const queue = createExportQueue<number>({
      listener,
      sizeOf: () => 1,
      send: async () => {
        requests += 1;
        if (fails) throw new ExportError('overloaded', 'it answered 503');
      },
    });
    queue.add(1);
    await vi.advanceTimersByTimeAsync(1_000);
    for (let each = 0; each < 5_000; each += 1) queue.add(each);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(requests, 'during the pause').toBe(1);
    fails = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(counts.exported).toBe(2_048);
    expect(Object.fromEntries(counts.dropped)).toEqual({ overloaded: 1, queue_full: 2_952 });
  });

  test('sends what is left when it closes, and gives up in time', async () => {
    const { counts, listener } = counting();
    let stuck = false;
    const queue = createExportQueue<number>({
      listener,
      sizeOf: () => 1,
      send: async (_batch, signal) => {
        if (!stuck) return;
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      },
    });
    for (let each = 0; each < 1_000; each += 1) queue.add(each);
    await vi.advanceTimersByTimeAsync(0);
    expect(counts.exported).toBe(512);
    stuck = true;
    const closed = queue.close(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    await closed;
    queue.add(1);
    await queue.close(10);
    expect(Object.fromEntries(counts.dropped)).toEqual({ closed: 489 });
  });
});

test('a million spans without a collector neither fill the memory nor slow the caller', async () => {
  const { counts, listener } = counting();
  const queue = createExportQueue<{ readonly text: string }>({
    listener,
    sizeOf: () => 500,
    send: async () => {
      throw new Error('connect ECONNREFUSED');
    },
  });
  const before = process.memoryUsage().heapUsed;
  const began = performance.now();
  for (let each = 0; each < 1_000_000; each += 1) {
    queue.add({ text: `span ${each}` });
    if (each % 10_000 === 0) await turn();
  }
  const microseconds = ((performance.now() - began) * 1_000) / 1_000_000;
  await queue.close(1_000);
  expect([...counts.dropped.values()].reduce((sum, count) => sum + count, 0)).toBe(1_000_000);
  expect(microseconds).toBeLessThan(10);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024);
});

test('an outage is two lines, however many batches it has', () => {
  const lines: string[] = [];
  let now = 0;
  const say = (level: string) => (fields: object, text: string) =>
    void lines.push(`${level} ${text} ${JSON.stringify(fields)}`);
  const log = createExportLog({ info: say('info'), warn: say('warn') }, () => now);
  for (let each = 0; each < 100; each += 1) {
    now += 5_000;
    log.dropped(10, 'unreachable', 'connect ECONNREFUSED mail ada@example.com');
    log.exported(1);
  }
  now += 15_000;
  log.exported(1);
  log.exported(1);
  expect(lines).toEqual([
    'warn spans are dropped: they cannot be exported {"reason":"unreachable: connect ECONNREFUSED mail [redacted]"}',
    'info spans are exported again {"spans":1000}',
  ]);
});
