import { busErrors } from '../errors.ts';
import { mayBeUnstorable, unstorable } from './storable.ts';

/**
 * CloudEvents 1.0 in structured JSON mode: the required attributes, the ones we always set, and our extensions.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export interface Envelope {
  readonly specversion: '1.0';
  /** A UUIDv7 in what we publish. With the subscription's name it identifies the effect. */
  readonly id: string;
  /** `/emporium/<service>` */
  readonly source: string;
  readonly type: string;
  /** When it happened, RFC 3339; in UTC in what we publish. */
  readonly time: string;
  /** The contract's key. */
  readonly subject: string;
  /** `application/json` in what we publish; third parties may name another JSON media type. */
  readonly datacontenttype: string;
  /** `urn:emporium:schema:<name>:<version>`; third parties may leave it out. */
  readonly dataschema?: string;
  /** The same for all messages that follow from one request. */
  readonly correlationid: string;
  /** The id of the message that this one follows from. */
  readonly causationid?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** How many messages lie between this one and an HTTP request, a timer or a person, whose first message has 0. */
  readonly hops: number;
  /** The version of the aggregate that the event is about. */
  readonly sequence?: number;
  /** On a command: not executed after this time, RFC 3339. */
  readonly expiry?: string;
  /** On a command of a saga, and on the reply to it: the step that it belongs to, `<saga>/<step>/<attempt>`. */
  readonly stepid?: string;
  readonly data: unknown;
}

/** A message with more hops is treated as a loop. */
export const maxHops = 32;

/** The largest body of a contract's message, in bytes. */
export const maxMessageBytes = 64 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

/** Throws `bus.invalid_message` naming the attribute or field that `decode` would refuse. */
export const encode = (envelope: Envelope): Uint8Array => {
  assertAttributes({ ...envelope });
  return encodeJson(envelope);
};

/** A value as JSON bytes. Throws `bus.invalid_message` for text that `parseJson` would refuse as not storable. */
export const encodeJson = (value: unknown, root = ''): Uint8Array => {
  const text = JSON.stringify(value);
  if (mayBeUnstorable(text)) assertStorable(value, root);
  return encoder.encode(text);
};

/**
 * Throws `bus.invalid_message` naming the attribute that is wrong, or the field that cannot be stored; `bus.message_too_big`
 * over 64 KiB, and `bus.too_many_hops` for a loop. Whether the data fits its contract is not checked.
 */
export const decode = (body: Uint8Array): Envelope => {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw busErrors.invalid_message({ body: 'is not a JSON object' });
  }
  const attributes = value as Attributes;
  assertAttributes(attributes);
  const { hops = 0, correlationid = attributes['id'], datacontenttype = 'application/json' } = attributes;
  // Every attribute was checked above; what a third party leaves out gets a default.
  return { ...attributes, hops, correlationid, datacontenttype } as Envelope;
};

type Attributes = Readonly<Record<string, unknown>>;

/** Throws `bus.invalid_message` with all attributes that are wrong. */
const assertAttributes = (attributes: Attributes): void => {
  const wrong: Record<string, string> = {};
  const check = (name: string, isRight: (value: unknown) => boolean, problem: string): void => {
    if (!isRight(attributes[name])) wrong[name] ??= problem;
  };
  const isGiven = (name: string): boolean => attributes[name] !== undefined;
  check('specversion', (version) => version === '1.0', "must be '1.0'");
  for (const name of required) check(name, isText, textProblem);
  for (const name of optional) if (isGiven(name)) check(name, isText, textProblem);
  for (const name of times) if (isGiven(name)) check(name, isTime, 'must be an RFC 3339 time');
  for (const name of counts) if (isGiven(name)) check(name, isCount, 'must be a whole number, 0 or more');
  if (isGiven('datacontenttype')) check('datacontenttype', isJsonMediaType, 'must be JSON');
  if (Object.keys(wrong).length > 0) throw busErrors.invalid_message(wrong);
  const { hops } = attributes;
  if (Number(hops) > maxHops) throw busErrors.too_many_hops({ hops, limit: maxHops });
};

const textProblem = 'must be a text of 1 to 1000 characters';
const required = ['id', 'source', 'type', 'time', 'subject'];
const optional = [
  'dataschema',
  'datacontenttype',
  'correlationid',
  'causationid',
  'traceparent',
  'tracestate',
  'expiry',
  'stepid',
];
const times = ['time', 'expiry'];
const counts = ['hops', 'sequence'];

/**
 * The JSON value of a body. Throws `bus.message_too_big` over 64 KiB, and `bus.invalid_message` where it is not JSON, or naming
 * the path below `root` of a text that a database cannot store. No error quotes the body, which may contain personal data.
 */
export const parseJson = (body: Uint8Array, root = ''): unknown => {
  if (body.byteLength > maxMessageBytes) {
    throw busErrors.message_too_big({ bytes: body.byteLength, limit: maxMessageBytes });
  }
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(body);
    value = JSON.parse(text);
  } catch {
    throw busErrors.invalid_message({ body: 'is not JSON' });
  }
  if (mayBeUnstorable(text)) assertStorable(value, root);
  return value;
};

const assertStorable = (value: unknown, root = ''): void => {
  const found = unstorable(root === '' ? value : { [root]: value });
  if (found !== undefined) throw busErrors.invalid_message({ [found.path || 'body']: found.reason });
};

const isText = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && value.length <= 1_000;

const isTime = (value: unknown): boolean => {
  const text = String(value);
  const isRfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  return isRfc3339 && !Number.isNaN(Date.parse(text));
};

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const isJsonMediaType = (value: unknown): boolean =>
  /^application\/([\w.-]+\+)?json *(;|$)/.test(String(value));
