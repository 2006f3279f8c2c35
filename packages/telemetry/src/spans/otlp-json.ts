import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { RecordedSpan } from './recorded-span.ts';

/** Who makes the spans: `service.name` and others. */
export type Resource = Attributes;

/** The body of `POST /v1/traces`, in the JSON of OTLP 1.x: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
export const toOtlpJson = (resource: Resource, spans: readonly RecordedSpan[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource) },
        scopeSpans: [...Map.groupBy(spans, ({ scope }) => scope)].map(([name, all]) => ({
          scope: { name },
          spans: all.map(spanOf),
        })),
      },
    ],
  });

const spanOf = (span: RecordedSpan) => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceId,
    spanId,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    flags: traceFlags,
    name: span.name,
    // The enumeration of OTLP begins with "unspecified".
    kind: span.kind + 1,
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.endTime),
    attributes: keyValues(span.attributes),
    droppedAttributesCount: span.dropped.attributes,
    events: span.events.map(({ name, time, attributes }) => ({
      name,
      timeUnixNano: nanoseconds(time),
      attributes: keyValues(attributes),
    })),
    droppedEventsCount: span.dropped.events,
    links: span.links.map(({ context, attributes = {} }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: keyValues(attributes),
    })),
    droppedLinksCount: span.dropped.links,
    status: span.status,
  };
};

/** A double cannot hold nanoseconds since the epoch: microseconds are exact. */
const nanoseconds = (milliseconds: number): string => `${Math.round(milliseconds * 1_000)}000`;

const keyValues = (attributes: Attributes) =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );

const anyValue = (value: AttributeValue | null | undefined): object => {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: Array.isArray(value) ? value.map(anyValue) : [] } };
};
