// Spans

export type { Attributes, Span } from '@opentelemetry/api';
export { attribute } from './semantic-conventions.ts';
export { failSpan, failSpanAs } from './spans/failed.ts';
export { activeSpan, activeTraceparent, bindSpan, createScopes, type Scopes } from './spans/scopes.ts';
export { startTracing, type TracingOptions } from './spans/start-tracing.ts';
export {
  isTracing,
  newTraceparent,
  SpanKind,
  type SpanOptions,
  startSpan,
  type Tracing,
  traceparentOf,
} from './spans/tracing.ts';
export {
  formatTraceparent,
  isSampled,
  newTraceId,
  parseTraceparent,
  type TraceParent,
} from './trace-context.ts';

// Metrics

export {
  type Counter,
  counter,
  counterOf,
  type Gauge,
  gauge,
  type Histogram,
  histogram,
  type Sample,
} from './metrics/metrics.ts';
export { type NamedSample, readGauges } from './metrics/read-gauges.ts';
export { type DefinedMetric, definedMetrics, disableMetrics, metricsEnabled } from './metrics/registry.ts';
export { scrape } from './metrics/scrape.ts';
export { onMetricOverflow } from './metrics/series-limit.ts';
export { shared } from './metrics/shared.ts';

// What must not be seen

export { redact, scrub, scrubTo } from './redaction.ts';

// Waiting

export { within } from './within.ts';
