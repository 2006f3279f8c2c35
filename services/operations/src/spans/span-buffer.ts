import { type Context, messageOf, newContext, settlementOf, withContext } from '@emporium/bus';
import type { LifecycleStage, Log } from '@emporium/service';
import { type Poller, type Store, startPoller } from '@emporium/store';
import { newTraceId } from '@emporium/telemetry';
import type { Span } from '../domain/trace/span.ts';
import { isFull, openSlot, recountSlots, type SpanLimits } from '../store/spans/open-slot.ts';
import { rowOf, sizeOf, writeSpans } from '../store/spans/write-spans.ts';
import type { Tables } from '../store/tables.ts';
import { createSpanCounts, type SpanCounts } from './span-counts.ts';

/** Between the receiver and the database: a slow database costs spans, and neither memory nor the time of an exporter. */
export interface SpanBuffer {
  readonly counts: SpanCounts;
  /**
   * Takes all of them or none: `full` when there is no room for them at the moment, `too large` when there never is. They are written
   * within about a second.
   */
  add(spans: readonly Span[]): 'taken' | 'full' | 'too large';
  /** Resolves when what was added before is written, or lost. */
  flushed(): Promise<void>;
  readonly stage: LifecycleStage;
}

/** What waits is bounded by both. */
const maxWaiting = 20_000;
const maxWaitingBytes = 32 * 1_024 * 1_024;
/** Rows of one statement. */
const maxBatch = 2_000;
/** Spans of several exporters are written together. */
const gatherMs = 200;
const minuteMs = 60_000;

export const createSpanBuffer = (store: Store<Tables>, limits: SpanLimits, log: Log): SpanBuffer => {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  let poller: Poller | undefined;
  const counts = createSpanCounts();

  const open = async (now: Date): Promise<void> => {
    const { spans } = await openSlot(store.db, limits, now);
    if (spans > 0) counts.add('dropped', spans);
  };

  const write = async (): Promise<void> => {
    const batch = waiting.slice(0, maxBatch);
    const written = await writeBatch(batch);
    waiting = waiting.slice(batch.length);
    waitingBytes -= batch.reduce((sum, row) => sum + sizeOf(row), 0);
    const now = new Date();
    if (written !== undefined && isFull(written, limits, now)) await open(now);
  };

  /** Rejects while the database is away; what it does not accept at all is lost, and counted. */
  const writeBatch = async (batch: readonly string[]) => {
    try {
      const written = (await writeSpans(store.db, batch)) ?? (await openAndWrite(batch));
      counts.add('stored', batch.length);
      return written;
    } catch (error) {
      if (settlementOf(error) !== 'dead-letter') throw error;
      counts.add('lost', batch.length);
      log.warn(`spans could not be stored: ${messageOf(error)}`);
      return undefined;
    }
  };

  const openAndWrite = async (batch: readonly string[]) => {
    await open(new Date());
    return writeSpans(store.db, batch);
  };

  /** Until nothing waits, the time of the stop is over, or the database is away. */
  const writeRest = async (signal: AbortSignal): Promise<void> => {
    while (waiting.length > 0 && !signal.aborted) await write();
  };

  let tidiedAt = 0;
  const run = async (): Promise<number> => {
    isWriting = true;
    try {
      await withContext(unrecorded(), work);
    } finally {
      isWriting = false;
    }
    return waiting.length > 0 ? 0 : minuteMs;
  };

  let isRecounted = false;
  const work = async (): Promise<void> => {
    if (!isRecounted) {
      await recountSlots(store.db);
      isRecounted = true;
    }
    if (waiting.length > 0) await write();
    if (Date.now() - tidiedAt >= minuteMs) {
      await open(new Date());
      tidiedAt = Date.now();
    }
  };

  return {
    counts,
    add: (spans) => {
      const rows = spans.map(rowOf);
      const bytes = rows.reduce((sum, row) => sum + sizeOf(row), 0);
      if (rows.length > maxWaiting || bytes > maxWaitingBytes) {
        counts.add('refused', rows.length);
        return 'too large';
      }
      if (waiting.length + rows.length > maxWaiting || waitingBytes + bytes > maxWaitingBytes) {
        counts.add('shed', rows.length);
        return 'full';
      }
      waiting.push(...rows);
      waitingBytes += bytes;
      poller?.wake();
      return 'taken';
    },
    flushed: async () => {
      while (waiting.length > 0 || isWriting) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    stage: {
      name: 'spans of the last hour',
      start: () => {
        const started = startPoller({ name: 'spans of the last hour', log, run, gapMs: gatherMs });
        poller = started;
        return async (signal) => {
          await started.stop();
          await withContext(unrecorded(), () => writeRest(signal)).catch(() => undefined);
          if (waiting.length > 0) counts.add('lost', waiting.length);
          waiting = [];
          waitingBytes = 0;
        };
      },
    },
  };
};

/** A context without a recorded span: what is done with spans makes no spans. */
const unrecorded = (): Context => {
  const traceId = newTraceId();
  return newContext({ traceparent: `00-${traceId}-${traceId.slice(16)}-00` });
};
