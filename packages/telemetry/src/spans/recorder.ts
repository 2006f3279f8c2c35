import {
  type SpanOptions as ApiSpanOptions,
  context as activeContext,
  type Context,
  type Link,
  type Span,
  SpanKind,
  TraceFlags,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { formatTraceparent, isBeginning, newSpanId, newTraceId, parseTraceparent } from '../trace-context.ts';
import type { ExportQueue } from './export-queue.ts';
import { millisecondsOf, RecordedSpan } from './recorded-span.ts';
import { isInRatio, isRecorded, type Sampler } from './sampler.ts';
import { propagatedSpan, type RecordingTracing, type SpanOptions, type Tracing } from './tracing.ts';

/**
 * Records spans and hands them to the exporter when they end. It does what the shop needs of OpenTelemetry's SDK in less memory and
 * time (ADR 78).
 */
export const createRecorder = (exporter: ExportQueue<RecordedSpan>, sampler: Sampler): RecordingTracing => {
  const start =
    (scope: string): Tracing['start'] =>
    (name, options) => {
      const parent = parseTraceparent(options.parent);
      const traceId = parent?.traceId ?? newTraceId();
      const spanId = newSpanId();
      if (!isRecorded({ parent, traceId, decided: options.isRecorded }, sampler))
        return propagatedSpan({ traceId, spanId, isSampled: false });
      const span = new RecordedSpan(
        {
          name,
          scope,
          kind: options.kind ?? SpanKind.INTERNAL,
          context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED },
          parentSpanId: parent === undefined || isBeginning(parent) ? undefined : parent.spanId,
          startTime: millisecondsOf(options.startTime),
        },
        exporter.add,
      );
      if (options.attributes !== undefined) span.setAttributes(options.attributes);
      return options.links === undefined ? span : span.addLinks(linksOf(options.links));
    };
  return {
    start: start('emporium'),
    isSampled: (traceId) => isInRatio(traceId, sampler),
    provider: providerOf(start),
    close: exporter.close,
  };
};

const linksOf = (links: NonNullable<SpanOptions['links']>): Link[] =>
  links.flatMap((link) => {
    const context = parseTraceparent(link);
    if (context === undefined || isBeginning(context)) return [];
    const { traceId, spanId, isSampled } = context;
    return [{ context: { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE } }];
  });

type Work = (span: Span) => unknown;
type ActiveSpanArguments = [
  options: ApiSpanOptions | Work | undefined,
  context?: Context | Work,
  work?: Work,
];

/** What `trace.getTracer` of OpenTelemetry's API gives to engineers. */
const providerOf = (startIn: (scope: string) => Tracing['start']): TracerProvider => ({
  getTracer: (scope) => {
    const start = startIn(scope);
    const tracer: Tracer = {
      startSpan: (name, { kind, attributes, links = [], startTime, root = false } = {}, context) => {
        const parent = root ? undefined : trace.getSpanContext(context ?? activeContext.active());
        const span = start(name, {
          ...(kind === undefined ? {} : { kind }),
          ...(startTime === undefined ? {} : { startTime: millisecondsOf(startTime) }),
          ...(attributes === undefined ? {} : { attributes }),
          parent: parent === undefined ? undefined : traceparentFrom(parent),
        });
        return span.addLinks(links);
      },
      // Three signatures: the options and the context may be left out.
      startActiveSpan: (name: string, ...given: ActiveSpanArguments) => {
        const [first, second, third] = given;
        const work = third ?? (typeof second === 'function' ? second : first);
        if (typeof work !== 'function') return undefined;
        const options = typeof first === 'function' ? {} : first;
        const context = typeof second === 'object' ? second : activeContext.active();
        const span = tracer.startSpan(name, options, context);
        return activeContext.with(trace.setSpan(context, span), () => work(span));
      },
    };
    return tracer;
  },
});

const traceparentFrom = ({
  traceId,
  spanId,
  traceFlags,
}: {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}): string => formatTraceparent({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
