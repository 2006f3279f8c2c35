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

const isTrue = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false'], 'must be true or false'))
  .transform((text) => text === 'true');

const protocol = z
  .literal('http/protobuf', 'must be http/protobuf, which most collectors receive at port 4318')
  .optional();

/** Most attributes, and most characters of a text. */
const [maxAttributes, maxText] = [64, 255];

/** https://opentelemetry.io/docs/specs/otel/resource/sdk: `key=value` pairs with a comma between them; values are percent-encoded. */
const resourceAttributes = z.string().transform((text, { addIssue }): Readonly<Record<string, string>> => {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  if (pairs.length > maxAttributes) addIssue(`must have at most ${maxAttributes} attributes`);
  const attributes: Record<string, string> = {};
  for (const pair of pairs.slice(0, maxAttributes)) {
    const [, key = '', value = ''] = /^\s*([^\s=]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    const decoded = decode(value);
    if (key === '' || decoded === undefined) addIssue('must be like key=value,other=value, percent-encoded');
    else if (key.length > maxText || decoded.length > maxText)
      addIssue(`must have keys and values of at most ${maxText} characters`);
    else attributes[key] = decoded;
  }
  return attributes;
});

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

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
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
  OTEL_SDK_DISABLED: isTrue.default(false),
  /** Of the spans; metrics and log lines have the name of the service. */
  OTEL_SERVICE_NAME: z.string().max(maxText).optional(),
  OTEL_RESOURCE_ATTRIBUTES: resourceAttributes
    .default({})
    .meta({ examples: ['deployment.environment.name=test'] }),
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
    'service.namespace': 'emporium',
    'service.version': release,
    'service.name': service,
    ...config.OTEL_RESOURCE_ATTRIBUTES,
    ...(config.OTEL_SERVICE_NAME === undefined ? {} : { 'service.name': config.OTEL_SERVICE_NAME }),
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
