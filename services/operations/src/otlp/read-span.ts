import { attribute } from '@emporium/telemetry';
import type { Span, SpanAttributes, SpanKind, SpanLink } from '../domain/trace/span.ts';
import { UnreadableSpan } from './protobuf.ts';
import { attributesOf, InvalidField, isObject, objectsOf, type ReadContext, safeText } from './values.ts';

export interface SpanContext extends ReadContext {
  readonly service: string;
  /** The field of the span in the request. */
  readonly at: string;
}

const maxLinks = 128;
const maxName = 200;
const maxMessage = 500;

/** By their number in OTLP, which begins with "unspecified". */
const kinds: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
/** Of a status. */
const failed = 2;

/** Checks one span. Throws `InvalidField` for one that is malformed. */
export const readSpan = (value: unknown, { service, at, now }: SpanContext): Span => {
  if (value instanceof UnreadableSpan) throw new InvalidField(at, `is malformed: ${value.reason}`);
  if (!isObject(value)) throw new InvalidField(at, 'must be an object');
  const start = timeOf(value['startTimeUnixNano'], `${at}.startTimeUnixNano`, now);
  const end = endOf(value['endTimeUnixNano'], `${at}.endTimeUnixNano`);
  const attributes = attributesOf(value['attributes'], `${at}.attributes`);
  return {
    traceId: idOf(value['traceId'], 32, `${at}.traceId`),
    spanId: idOf(value['spanId'], 16, `${at}.spanId`),
    parentId: isAbsent(value['parentSpanId'])
      ? undefined
      : idOf(value['parentSpanId'], 16, `${at}.parentSpanId`),
    correlationId: correlationIdOf(attributes),
    service: safeText(service, maxName),
    name: nameOf(value['name'], `${at}.name`),
    kind: kindOf(value['kind'], `${at}.kind`),
    start,
    // The clock of a process may have been set back meanwhile.
    duration: Math.max(0, end - start),
    ...statusOf(value['status'], `${at}.status`),
    attributes,
    links: linksOf(value['links'], `${at}.links`),
  };
};

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

const idOf = (value: unknown, digits: number, at: string): string => {
  const id = typeof value === 'string' ? value.toLowerCase() : '';
  if (id.length !== digits || !/^[0-9a-f]+$/.test(id) || /^0+$/.test(id))
    throw new InvalidField(at, `must be ${digits} hexadecimal digits, not all of them 0`);
  return id;
};

const nameOf = (value: unknown, at: string): string => {
  if (isAbsent(value)) return '';
  if (typeof value !== 'string') throw new InvalidField(at, 'must be a text');
  return safeText(value, maxName);
};

/** Later versions of OTLP may know other kinds. */
const kindOf = (value: unknown, at: string): SpanKind => {
  if (isAbsent(value)) return 'internal';
  if (typeof value !== 'number') throw new InvalidField(at, 'must be a number');
  return kinds[value] ?? 'internal';
};

const earliest = Date.UTC(2000, 0) * 1_000;
const dayUs = 24 * 60 * 60 * 1_000 * 1_000;

/** In microseconds: a double holds no nanoseconds since the epoch. */
const timeOf = (value: unknown, at: string, now: number): number => {
  const time = microsecondsOf(value, at);
  if (time < earliest || time > now * 1_000 + dayUs)
    throw new InvalidField(at, 'must be a time after the year 2000 and before tomorrow');
  return time;
};

const endOf = (value: unknown, at: string): number =>
  isAbsent(value) ? 0 : Math.min(microsecondsOf(value, at), Number.MAX_SAFE_INTEGER);

const microsecondsOf = (value: unknown, at: string): number => {
  const text = typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : value;
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text))
    throw new InvalidField(at, 'must be nanoseconds since 1970, as a number or a text of digits');
  return Number(BigInt(text) / 1_000n);
};

const statusOf = (value: unknown, at: string): Pick<Span, 'isError' | 'statusMessage'> => {
  if (isAbsent(value)) return { isError: false, statusMessage: undefined };
  if (!isObject(value)) throw new InvalidField(at, 'must be an object');
  const { code, message } = value;
  if (!isAbsent(code) && typeof code !== 'number') throw new InvalidField(`${at}.code`, 'must be a number');
  return {
    isError: code === failed,
    statusMessage: typeof message === 'string' && message !== '' ? safeText(message, maxMessage) : undefined,
  };
};

const linksOf = (value: unknown, at: string): readonly SpanLink[] =>
  objectsOf(value, at, maxLinks).map((link, index) => ({
    traceId: idOf(link['traceId'], 32, `${at}[${index}].traceId`),
    spanId: idOf(link['spanId'], 16, `${at}[${index}].spanId`),
  }));

const correlationIdOf = (attributes: SpanAttributes): string | undefined => {
  const id = attributes[attribute.correlationId];
  return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : undefined;
};
