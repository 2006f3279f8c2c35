import { randomBytes } from 'node:crypto';

/** A span of a test, in the JSON of OTLP. */
export interface TestSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly [field: string]: unknown;
}

export const newTraceId = (): string => randomBytes(16).toString('hex');
const newSpanId = (): string => randomBytes(8).toString('hex');

export const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

export interface SpanOptions {
  readonly traceId?: string;
  readonly parent?: TestSpan;
  readonly kind?: keyof typeof kinds;
  /** Milliseconds since a minute ago. */
  readonly at?: number;
  readonly ms?: number;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly links?: readonly TestSpan[];
  readonly [field: string]: unknown;
}

const minuteAgo = Date.now() - 60_000;

export const spanOf = (name: string, options: SpanOptions = {}): TestSpan => {
  const {
    traceId,
    parent,
    kind = 'internal',
    at = 0,
    ms = 1,
    attributes = {},
    links = [],
    ...more
  } = options;
  return {
    traceId: traceId ?? parent?.traceId ?? newTraceId(),
    spanId: newSpanId(),
    ...(parent === undefined ? {} : { parentSpanId: parent.spanId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: `${Math.round((minuteAgo + at) * 1_000)}000`,
    endTimeUnixNano: `${Math.round((minuteAgo + at + ms) * 1_000)}000`,
    attributes: keyValues(attributes),
    links: links.map(({ traceId: linked, spanId }) => ({ traceId: linked, spanId })),
    ...more,
  };
};

const keyValues = (attributes: Readonly<Record<string, string | number>>) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));

/** The spans of services, by their names. */
export const requestOf = (services: Readonly<Record<string, readonly unknown[]>>) => ({
  resourceSpans: Object.entries(services).map(([name, spans]) => ({
    resource: { attributes: keyValues({ 'service.name': name }) },
    scopeSpans: [{ scope: { name: 'test' }, spans }],
  })),
});
