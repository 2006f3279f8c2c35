/** Why spans were dropped. */
export type DropReason =
  /** They end faster than they can be sent. */
  | 'queue_full'
  | 'unreachable'
  | 'timeout'
  /** The collector answered 4xx, or redirected: sending them again would not help. */
  | 'refused'
  /** The collector answered 429 or 5xx. */
  | 'overloaded'
  /** The process ended. */
  | 'closed';

/** A batch that the collector did not take. */
export class ExportError extends Error {
  readonly reason: DropReason;

  constructor(reason: DropReason, message: string) {
    super(message);
    this.name = 'ExportError';
    this.reason = reason;
  }
}

/** What happens to spans after their end. */
export interface ExportListener {
  exported(spans: number): void;
  /** `detail` is for people. */
  dropped(spans: number, reason: DropReason, detail: string): void;
}

/** Takes spans that have ended, and sends them in the background. */
export interface ExportQueue<Item> {
  /** Never blocks and never throws: when the queue is full the span is dropped and counted. */
  add(item: Item): void;
  /** Sends what is left, for at most `timeoutMs`, and stops. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

export interface ExportQueueOptions<Item> {
  /** Rejects when the collector does not take the batch: with an `ExportError`, or with what the connection failed with. */
  readonly send: (batch: readonly Item[], signal: AbortSignal) => Promise<void>;
  /** About the size of a span in bytes. */
  readonly sizeOf: (item: Item) => number;
  readonly listener: ExportListener;
  readonly timing?: Partial<ExportTiming>;
}

export interface ExportTiming {
  /** A batch is sent after this time, in milliseconds, or when it is full. */
  readonly delayMs: number;
  /** The longest time for one batch, in milliseconds. */
  readonly timeoutMs: number;
  /** After a failure the next batch is sent after this time, in milliseconds. */
  readonly pauseMs: number;
}

const defaultTiming: ExportTiming = { delayMs: 1_000, timeoutMs: 5_000, pauseMs: 5_000 };

/** Most spans and bytes that wait, which bounds the memory. */
const maxQueued = 2_048;
const maxQueuedBytes = 16 * 1024 * 1024;
/** Most spans and bytes of one request. */
const maxBatch = 512;
const maxBatchBytes = 1024 * 1024;

/**
 * Sends batches, one at a time. A batch that the collector does not take is dropped and counted: spans are worth less than the memory
 * or the delay that keeping them would cost.
 */
export const createExportQueue = <Item>({
  send,
  sizeOf,
  listener,
  timing,
}: ExportQueueOptions<Item>): ExportQueue<Item> => {
  const { delayMs, timeoutMs, pauseMs } = { ...defaultTiming, ...timing };
  let queue: Item[] = [];
  let bytes = 0;
  let full = 0;
  let timer: NodeJS.Timeout | undefined;
  let isUrgent = false;
  let sending: Promise<void> | undefined;
  let pausedUntil = 0;
  let isClosed = false;
  const closing = new AbortController();

  /** Dropped spans are counted together: each one would cost more than the span. */
  const reportFull = (): void => {
    if (full > 0) listener.dropped(full, 'queue_full', 'more spans ended than could be sent');
    full = 0;
  };

  const takeBatch = (): Item[] => {
    let size = 0;
    let count = 0;
    for (const item of queue.slice(0, maxBatch)) {
      const itemSize = sizeOf(item);
      if (count > 0 && size + itemSize > maxBatchBytes) break;
      size += itemSize;
      count += 1;
    }
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    bytes -= size;
    return batch;
  };

  const sendBatch = async (limitMs: number): Promise<void> => {
    const batch = takeBatch();
    const signal = AbortSignal.any([AbortSignal.timeout(limitMs), closing.signal]);
    try {
      await send(batch, signal);
      listener.exported(batch.length);
    } catch (error) {
      pausedUntil = performance.now() + pauseMs;
      const { reason, message } = failureOf(error, { signal, isClosed, limitMs });
      listener.dropped(batch.length, reason, message);
    }
    reportFull();
  };

  const start = (): void => {
    timer = undefined;
    isUrgent = false;
    if (sending !== undefined || isClosed || queue.length === 0) return;
    sending = sendBatch(timeoutMs).finally(() => {
      sending = undefined;
      schedule();
    });
  };

  const schedule = (): void => {
    if (isClosed || queue.length === 0 || sending !== undefined) return;
    const isFull = queue.length >= maxBatch || bytes >= maxBatchBytes;
    if (timer !== undefined && (isUrgent || !isFull)) return;
    isUrgent = isFull;
    clearTimeout(timer);
    timer = setTimeout(start, Math.max(isFull ? 0 : delayMs, pausedUntil - performance.now()));
    timer.unref();
  };

  return {
    add: (item) => {
      if (isClosed) return listener.dropped(1, 'closed', 'the process ended');
      if (queue.length >= maxQueued || bytes >= maxQueuedBytes) {
        full += 1;
        return;
      }
      queue.push(item);
      bytes += sizeOf(item);
      schedule();
    },
    close: async (limitMs) => {
      isClosed = true;
      clearTimeout(timer);
      const until = performance.now() + limitMs;
      const abort = setTimeout(() => closing.abort(), limitMs);
      await sending;
      while (queue.length > 0 && performance.now() < until)
        await sendBatch(Math.max(1, Math.ceil(until - performance.now())));
      clearTimeout(abort);
      if (queue.length > 0) listener.dropped(queue.length, 'closed', 'the process ended');
      queue = [];
      reportFull();
    },
  };
};

const failureOf = (
  error: unknown,
  { signal, isClosed, limitMs }: { signal: AbortSignal; isClosed: boolean; limitMs: number },
): { readonly reason: DropReason; readonly message: string } => {
  if (error instanceof ExportError) return error;
  if (signal.aborted && isClosed) return { reason: 'closed', message: 'the process ended' };
  if (signal.aborted) return { reason: 'timeout', message: `no response within ${limitMs} ms` };
  return { reason: 'unreachable', message: rootMessageOf(error) };
};

/** The cause of a failure, where it has one, says more. */
const rootMessageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return rootMessageOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? rootMessageOf(error.cause) : error.message;
};

/** By the status of a response that is no success. */
export const dropReasonOf = (status: number): DropReason =>
  status === 429 || status >= 500 ? 'overloaded' : 'refused';
