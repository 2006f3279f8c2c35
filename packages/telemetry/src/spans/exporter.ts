import { type Resource, toOtlpJson } from './otlp-json.ts';
import type { RecordedSpan } from './recorded-span.ts';

/** Sends spans that have ended. */
export interface SpanExporter {
  /** Never blocks and never throws; when the queue is full the span is dropped, and counted. */
  add(span: RecordedSpan): void;
  /** Sends what is queued, for at most `timeoutMs`, and stops. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

export interface SpanExporterOptions {
  /** Where OTLP over HTTP is received, with its path: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly resource: Resource;
  /** Called with the number of spans that were exported. */
  readonly onExported?: (spans: number) => void;
  /** Called with the number of spans that were dropped, and why. */
  readonly onDropped?: (spans: number, reason: string) => void;
}

/** Most spans that wait, which bounds the memory: about 2 MB. */
const maxQueued = 2_048;
const maxBatch = 512;
/** A batch is sent after this time, in milliseconds, or when it is full. */
const delayMs = 1_000;
const timeoutMs = 5_000;
/** After a failure the next batch is sent after this time, in milliseconds. */
const pauseMs = 5_000;

/**
 * Sends batches, one at a time. A batch that the receiver does not take is dropped and counted: spans are worth less than the memory
 * or the delay that keeping them would cost.
 */
export const createSpanExporter = ({
  url,
  resource,
  onExported = () => undefined,
  onDropped = () => undefined,
}: SpanExporterOptions): SpanExporter => {
  let queue: RecordedSpan[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let pausedUntil = 0;
  let isClosed = false;

  const post = async (spans: readonly RecordedSpan[], signal: AbortSignal): Promise<void> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: toOtlpJson(resource, spans),
      signal,
      redirect: 'error',
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  };

  const send = async (limitMs: number): Promise<void> => {
    const spans = queue.slice(0, maxBatch);
    queue = queue.slice(maxBatch);
    try {
      await post(spans, AbortSignal.timeout(limitMs));
      onExported(spans.length);
    } catch (error) {
      pausedUntil = Date.now() + pauseMs;
      onDropped(spans.length, reasonOf(error));
    }
  };

  const start = (): void => {
    timer = undefined;
    if (sending !== undefined || queue.length === 0) return;
    sending = send(timeoutMs).finally(() => {
      sending = undefined;
      plan();
    });
  };

  const plan = (): void => {
    if (isClosed || queue.length === 0 || sending !== undefined) return;
    const waitMs = Math.max(queue.length >= maxBatch ? 0 : delayMs, pausedUntil - Date.now());
    if (timer !== undefined && waitMs > 0) return;
    clearTimeout(timer);
    timer = setTimeout(start, waitMs);
    timer.unref();
  };

  return {
    add: (span) => {
      if (isClosed || queue.length >= maxQueued) return onDropped(1, 'the queue is full');
      queue.push(span);
      if (timer === undefined || queue.length >= maxBatch) plan();
    },
    close: async (limitMs) => {
      isClosed = true;
      clearTimeout(timer);
      const until = Date.now() + limitMs;
      await sending;
      while (queue.length > 0 && Date.now() < until) await send(Math.max(1, until - Date.now()));
      if (queue.length > 0) onDropped(queue.length, 'the process ended');
      queue = [];
    },
  };
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};
