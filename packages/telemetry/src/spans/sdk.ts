import {
  type Context,
  createContextKey,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  type ReadableSpan,
  SamplingDecision,
  type Sampler as SdkSampler,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { isBeginning, parseTraceparent } from '../trace-context.ts';
import {
  createExportQueue,
  dropReasonOf,
  ExportError,
  type ExportQueue,
  type ExportQueueOptions,
} from './export-queue.ts';
import { limits, safeAttributes, safeText } from './limits.ts';
import type { Resource } from './otlp-json.ts';
import { isInRatio, isRecorded, type Sampler } from './sampler.ts';
import type { RecordingTracing } from './tracing.ts';

export interface SdkOptions extends Pick<ExportQueueOptions<ReadableSpan>, 'listener' | 'timing'> {
  readonly resource: Resource;
  readonly sampler: Sampler;
}

/** The exporter of the SDK repeats a request for up to 10 s by itself (`OTEL_EXPORTER_OTLP_TIMEOUT`). */
const timeoutMs = 30_000;

/**
 * OpenTelemetry's SDK. It reads the `OTEL_EXPORTER_OTLP_*` variables by itself: addresses, headers, certificates, compression. The queue
 * is ours instead of its `BatchSpanProcessor`, which counts no dropped spans.
 */
export const createSdkTracing = ({ resource, sampler, listener, timing }: SdkOptions): RecordingTracing => {
  const exporter = new OTLPTraceExporter();
  const queue = createExportQueue<ReadableSpan>({
    listener,
    timing: { timeoutMs, ...timing },
    sizeOf,
    send: (spans, signal) => sendBy(exporter, spans, signal),
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    sampler: sdkSampler(sampler),
    spanLimits: {
      attributeCountLimit: limits.attributes,
      eventCountLimit: limits.events,
      attributePerEventCountLimit: limits.eventAttributes,
      linkCountLimit: limits.links,
      attributePerLinkCountLimit: limits.eventAttributes,
    },
    spanProcessors: [processor(queue)],
  });
  const tracer = provider.getTracer('emporium');
  return {
    provider,
    start: (
      name,
      { kind = SpanKind.INTERNAL, parent, links = [], attributes = {}, startTime, isRecorded: decided },
    ) =>
      tracer.startSpan(
        name,
        {
          kind,
          attributes,
          links: links.flatMap((link) => {
            const context = trace.getSpanContext(contextOf(link));
            return context === undefined || isBeginning(context) ? [] : [{ context }];
          }),
          ...(startTime === undefined ? {} : { startTime }),
        },
        decided === undefined ? contextOf(parent) : contextOf(parent).setValue(decision, decided),
      ),
    isSampled: (traceId) => isInRatio(traceId, sampler),
    close: async (limitMs) => {
      await queue.close(limitMs);
      void exporter.shutdown().catch(() => undefined);
    },
  };
};

/** What was decided about a span that begins a trace, on its way to the sampler. */
const decision = createContextKey('emporium decision');

const sdkSampler = (sampler: Sampler): SdkSampler => ({
  shouldSample: (context, traceId) => {
    const parent = trace.getSpanContext(context);
    const decided = context.getValue(decision);
    const isSampled = isRecorded(
      {
        traceId,
        parent:
          parent === undefined ? undefined : { isSampled: (parent.traceFlags & TraceFlags.SAMPLED) !== 0 },
        decided: typeof decided === 'boolean' ? decided : undefined,
      },
      sampler,
    );
    return { decision: isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  },
  toString: () => `emporium(${sampler.ratio})`,
});

const processor = (queue: ExportQueue<ReadableSpan>): SpanProcessor => ({
  // The SDK would give another trace id to a span without a parent.
  onStart: (span) => {
    const { parentSpanContext: parent } = span;
    if (parent !== undefined && isBeginning(parent)) Object.assign(span, { parentSpanContext: undefined });
  },
  // The last moment at which they can be changed.
  onEnding: (span) => {
    span.updateName(safeText(span.name).slice(0, limits.name));
    Object.assign(span.attributes, safeAttributes(span.attributes));
    for (const { attributes = {} } of span.events) Object.assign(attributes, safeAttributes(attributes));
    for (const { attributes = {} } of span.links) Object.assign(attributes, safeAttributes(attributes));
    if (span.status.message !== undefined)
      span.setStatus({ code: SpanStatusCode.ERROR, message: safeText(span.status.message) });
  },
  onEnd: (span) => {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) queue.add(span);
  },
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
});

const sendBy = (
  exporter: OTLPTraceExporter,
  spans: readonly ReadableSpan[],
  signal: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    exporter.export([...spans], ({ error }) => (error === undefined ? resolve() : reject(failureOf(error))));
  });

const failureOf = (error: Error): Error => {
  const status = 'code' in error && typeof error.code === 'number' ? error.code : undefined;
  if (status !== undefined) return new ExportError(dropReasonOf(status), `it answered ${status}`);
  // Without the status where the exporter has repeated the request: 429, 502, 503, 504.
  return error.name === 'OTLPExporterError' ? new ExportError('overloaded', error.message) : error;
};

/** About the bytes of its texts. */
const sizeOf = ({ attributes, events }: ReadableSpan): number =>
  events.reduce((sum, event) => sum + textSize(event.attributes ?? {}), 500 + textSize(attributes));

const textSize = (attributes: Readonly<Record<string, unknown>>): number => {
  let size = 0;
  for (const key in attributes) {
    const value = attributes[key];
    size += key.length;
    if (typeof value === 'string') size += value.length;
    else if (Array.isArray(value)) size += value.length * 20;
  }
  return size;
};

const contextOf = (traceparent: string | undefined): Context => {
  const parent = parseTraceparent(traceparent);
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = parent;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
};
