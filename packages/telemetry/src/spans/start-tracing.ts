import { context, trace } from '@opentelemetry/api';
import { createExportLog, type ExportLog } from './export-log.ts';
import { exportMetrics } from './export-metrics.ts';
import type { ExportListener, ExportTiming } from './export-queue.ts';
import { createSpanExporter } from './exporter.ts';
import type { Resource } from './otlp-json.ts';
import { createRecorder } from './recorder.ts';
import type { Sampler } from './sampler.ts';
import { contextManager } from './scopes.ts';
import { propagation, type RecordingTracing, setTracing, type Tracing } from './tracing.ts';

export interface TracingOptions {
  /** `service.name` and what else says who makes the spans. */
  readonly resource: Resource;
  /** `sdk`: by OpenTelemetry's SDK, to a collector. `own`: by the small recorder, to the shop's own receiver. */
  readonly exporter:
    | { readonly kind: 'none' }
    | { readonly kind: 'own'; readonly url: string }
    | { readonly kind: 'sdk' };
  readonly sampler: Sampler;
  readonly log: ExportLog;
  readonly timing?: Partial<ExportTiming>;
}

/**
 * Chooses what makes the spans of this process from now on, and returns it, to close it at the end. Spans that are made with
 * OpenTelemetry's API go the same way.
 */
export const startTracing = async (options: TracingOptions): Promise<Tracing> => {
  if (options.exporter.kind === 'none') return propagation;
  const tracing = await create(options);
  setTracing(tracing);
  trace.setGlobalTracerProvider(tracing.provider);
  context.setGlobalContextManager(contextManager);
  return {
    start: tracing.start,
    isSampled: tracing.isSampled,
    close: async (timeoutMs) => {
      await tracing.close(timeoutMs);
      setTracing(propagation);
      trace.disable();
      context.disable();
    },
  };
};

const create = async ({
  resource,
  exporter,
  sampler,
  log,
  timing = {},
}: TracingOptions): Promise<RecordingTracing> => {
  const listener = both(exportMetrics, createExportLog(log));
  if (exporter.kind === 'own')
    return createRecorder(createSpanExporter({ url: exporter.url, resource, listener, timing }), sampler);
  // Imported on demand: it takes memory and time that only its users should spend (ADR 78).
  const { createSdkTracing } = await import('./sdk.ts');
  return createSdkTracing({ resource, sampler, listener, timing });
};

const both = (one: ExportListener, other: ExportListener): ExportListener => ({
  exported: (spans) => {
    one.exported(spans);
    other.exported(spans);
  },
  dropped: (spans, reason, detail) => {
    one.dropped(spans, reason, detail);
    other.dropped(spans, reason, detail);
  },
});
