import type { TracingOptions } from '@emporium/telemetry';
import { z } from 'zod';
import { release } from '../log-fields.ts';

const collector = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be a URL that begins with http:, https:',
  )
  .optional()
  .meta({ examples: ['http://127.0.0.1:4318'] });

const onOff = (...on: readonly string[]) => z.enum(['true', 'false']).transform((text) => on.includes(text));

/**
 * Spans and metrics. The variables that begin with `OTEL_` are OpenTelemetry's; its SDK reads others, such as
 * `OTEL_EXPORTER_OTLP_HEADERS`, by itself.
 */
export const telemetryConfig = z.object({
  /** Where the shop keeps spans itself: OTLP over HTTP, with the path. Not used where a collector is configured. */
  SPANS_URL: collector.meta({ examples: ['http://127.0.0.1:8090/v1/traces'] }),
  OTEL_EXPORTER_OTLP_ENDPOINT: collector,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector,
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], 'must be otlp or none').default('otlp'),
  OTEL_SDK_DISABLED: onOff('true').default(false),
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on'),
  /** The share of new traces that a ratio sampler records. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('must be a number')
    .min(0, 'must be 0 or more')
    .max(1, 'must be 1 or less')
    .default(1)
    .meta({ examples: ['0.01'] }),
  METRICS: z.enum(['on', 'off'], 'must be on or off').default('on'),
});
export type TelemetryConfig = z.output<typeof telemetryConfig>;

export const tracingOptions = (
  service: string,
  config: TelemetryConfig,
  log: TracingOptions['log'],
): TracingOptions => ({
  resource: {
    'service.name': service,
    'service.namespace': 'emporium',
    'service.version': release,
    'process.pid': process.pid,
  },
  exporter: exporterOf(config),
  sampler: {
    ratio: ratioOf(config),
    isParentBased: config.OTEL_TRACES_SAMPLER.startsWith('parentbased_'),
  },
  log,
});

const exporterOf = (config: TelemetryConfig): TracingOptions['exporter'] => {
  const { SPANS_URL: url } = config;
  if (config.OTEL_SDK_DISABLED || config.OTEL_TRACES_EXPORTER === 'none') return { kind: 'none' };
  const collectors = [config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, config.OTEL_EXPORTER_OTLP_ENDPOINT];
  if (collectors.some((each) => each !== undefined)) return { kind: 'sdk' };
  return url === undefined ? { kind: 'none' } : { kind: 'own', url };
};

const ratioOf = ({
  OTEL_TRACES_SAMPLER: sampler,
  OTEL_TRACES_SAMPLER_ARG: ratio,
}: TelemetryConfig): number => {
  if (sampler.endsWith('ratio')) return ratio;
  return sampler.endsWith('always_on') ? 1 : 0;
};
