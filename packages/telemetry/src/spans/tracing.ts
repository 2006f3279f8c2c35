import {
  type Attributes,
  type Span,
  SpanKind,
  TraceFlags,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import {
  beginTrace,
  formatTraceparent,
  newSpanId,
  newTraceId,
  parseTraceparent,
  type TraceParent,
} from '../trace-context.ts';

export interface SpanOptions {
  readonly kind?: SpanKind;
  /**
   * The traceparent of what this follows from. Without one, or with a malformed one, the span begins a trace; with that of
   * `newTraceparent` it is the first span of that trace.
   */
  readonly parent?: string | undefined;
  /** The traceparents of other spans that it belongs to, such as those of the messages that share a transaction. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
  /** Of a span that begins a trace: replaces the decision of the sampler. */
  readonly isRecorded?: boolean;
  /** Milliseconds since the epoch; now by default. */
  readonly startTime?: number;
}

/** What makes the spans of this process. */
export interface Tracing {
  start(name: string, options: SpanOptions): Span;
  /** The decision about a new trace, before its first span is made. */
  isSampled(traceId: string): boolean;
  /** Exports what has ended, for at most `timeoutMs`, and stops. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** What records them, and gives the same to OpenTelemetry's API. */
export interface RecordingTracing extends Tracing {
  readonly provider: TracerProvider;
}

/** Records nothing, and continues the traces of others: every span has an id of its own, which log lines and messages carry. */
export const propagation: Tracing = {
  start: (_name, { parent }) => propagatedSpan(childOf(parseTraceparent(parent))),
  isSampled: () => true,
  close: async () => undefined,
};

/** A span that is not recorded, with this trace context. */
export const propagatedSpan = ({ traceId, spanId, isSampled }: TraceParent): Span =>
  trace.wrapSpanContext({
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: false,
  });

const childOf = (parent: TraceParent | undefined): TraceParent => ({
  traceId: parent?.traceId ?? newTraceId(),
  spanId: newSpanId(),
  isSampled: parent?.isSampled ?? true,
});

let tracing: Tracing = propagation;

/** Called once, at the start of a process; without it spans are not recorded. */
export const setTracing = (chosen: Tracing): void => {
  tracing = chosen;
};

/** Whether any spans are recorded: for what would only be prepared for them. */
export const isTracing = (): boolean => tracing !== propagation;

/** Starts a span; the caller ends it. Never throws, and costs about a microsecond where it is not recorded. */
export const startSpan = (name: string, options: SpanOptions = {}): Span => tracing.start(name, options);

/** The traceparent of a span, for the messages, requests and spans that follow from it. */
export const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
};

/** The traceparent of a new trace. Whether it is recorded is decided now; its first span has no parent. */
export const newTraceparent = (): string => beginTrace(tracing.isSampled);

export { SpanKind };
