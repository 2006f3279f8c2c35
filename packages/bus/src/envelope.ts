import { busErrors } from './errors.ts';

/**
 * CloudEvents 1.0 in structured JSON mode: the required attributes, the ones we always set, and our extensions.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export interface Envelope {
  readonly specversion: '1.0';
  /** UUIDv7. With the subscription's name it identifies the effect. */
  readonly id: string;
  /** `/emporium/<service>` */
  readonly source: string;
  readonly type: string;
  /** RFC 3339, UTC: when it happened. */
  readonly time: string;
  /** The contract's key. */
  readonly subject: string;
  readonly datacontenttype: 'application/json';
  /** `/schemas/<name>/<version>` */
  readonly dataschema: string;
  /** The same for all that follows from one request. */
  readonly correlationid: string;
  /** The id of the message that this one follows from. */
  readonly causationid?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** How many messages lie between this one and a person, a timer or an HTTP request, which are at 0. */
  readonly hops: number;
  /** The version of the aggregate that the event is about. */
  readonly sequence?: number;
  /** On a command: RFC 3339; it is not executed after it. */
  readonly expiry?: string;
  readonly data: unknown;
}

/** A message with more hops is a loop. */
export const maxHops = 32;

/** The largest body of a contract's message, in bytes. */
export const maxMessageBytes = 64 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export const encode = (envelope: Envelope): Uint8Array => encoder.encode(JSON.stringify(envelope));

/** Throws `bus.invalid_message` naming the attribute that is wrong. The data is not looked at. */
export const decode = (body: Uint8Array): Envelope => {
  if (body.byteLength > maxMessageBytes) {
    throw busErrors.message_too_big({ bytes: body.byteLength, limit: maxMessageBytes });
  }
  const value = parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw busErrors.invalid_message({ body: 'is no JSON object' });
  }
  const attributes = value as Record<string, unknown>;
  if (attributes['specversion'] !== '1.0') throw busErrors.invalid_message({ specversion: "must be '1.0'" });
  for (const name of required) assertText(attributes, name);
  for (const name of optional) if (attributes[name] !== undefined) assertText(attributes, name);
  const hops = attributes['hops'] ?? 0;
  if (!isCount(hops)) throw busErrors.invalid_message({ hops: 'must be a whole number, 0 or more' });
  if (hops > maxHops) throw busErrors.too_many_hops({ hops, limit: maxHops });
  if (attributes['sequence'] !== undefined && !isCount(attributes['sequence'])) {
    throw busErrors.invalid_message({ sequence: 'must be a whole number, 0 or more' });
  }
  for (const name of ['time', 'expiry']) {
    if (attributes[name] !== undefined && Number.isNaN(Date.parse(attributes[name] as string))) {
      throw busErrors.invalid_message({ [name]: 'must be an RFC 3339 time' });
    }
  }
  // Every attribute was checked above; what a foreign producer leaves out gets its neutral value.
  return { ...attributes, hops, correlationid: attributes['correlationid'] ?? attributes['id'] } as Envelope;
};

const required = ['id', 'source', 'type', 'time', 'subject'];
const optional = ['dataschema', 'correlationid', 'causationid', 'traceparent', 'tracestate', 'expiry'];

const parse = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (cause) {
    throw busErrors.invalid_message({ body: 'is no JSON', cause });
  }
};

const assertText = (attributes: Record<string, unknown>, name: string): void => {
  const value = attributes[name];
  if (typeof value !== 'string' || value === '' || value.length > 1_000) {
    throw busErrors.invalid_message({ [name]: 'must be a text of 1 to 1000 characters' });
  }
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
