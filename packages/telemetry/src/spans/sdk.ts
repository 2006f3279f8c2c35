import { type Context, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { parseTraceparent } from '../trace-context.ts';
import type { Resource } from './otlp-json.ts';
import type { Tracing } from './tracing.ts';

/** OpenTelemetry's SDK, which reads the other `OTEL_EXPORTER_OTLP_*` and `OTEL_BSP_*` variables by itself. */
export const createSdkTracing = ({ resource, ratio }: { resource: Resource; ratio: number }): Tracing => {
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer('emporium');
  return {
    start: (name, { kind = SpanKind.INTERNAL, parent, links = [], attributes = {}, startTime }) =>
      tracer.startSpan(
        name,
        {
          kind,
          attributes,
          links: links.flatMap((link) => {
            const context = trace.getSpanContext(contextOf(link));
            return context === undefined ? [] : [{ context }];
          }),
          ...(startTime === undefined ? {} : { startTime }),
        },
        contextOf(parent),
      ),
    close: async (timeoutMs) => {
      const { promise: timeout, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeoutMs);
      await Promise.race([provider.shutdown().catch(() => undefined), timeout]);
      clearTimeout(timer);
    },
  };
};

const contextOf = (traceparent: string | undefined): Context => {
  const parent = parseTraceparent(traceparent);
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = parent;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
};
