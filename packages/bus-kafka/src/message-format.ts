import { attemptFrom, busErrors, deadLetterBody, maxBodyBytes, type TransportMessage } from '@emporium/bus';
import { type DeadLetterReason, headerPrefix, textFrom } from '@emporium/bus/transport';
import type { Message } from 'kafkajs';
import type { Unreadable } from './decoding/decoded.ts';

/** A record of a topic. A header may have no value, and a name may come several times. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** It stands for what could not be decoded. */
  readonly unreadable?: Unreadable;
}

/** Our headers, without the prefix that they have on the broker. */
export type Headers = Readonly<Record<string, string>>;

/** What is ours goes into headers, as UTF-8. */
export const recordOf = ({ id, type, key, body }: TransportMessage, headers: Headers = {}): Message => ({
  key,
  value: bufferOf(body),
  headers: Object.fromEntries(
    Object.entries({ id, type, ...headers }).map(([name, value]) => [`${headerPrefix}${name}`, value]),
  ),
});

/** Key and value alone: what any other client would write. */
export const openRecordOf = ({ key, body }: TransportMessage): Message => ({ key, value: bufferOf(body) });

/** What a record says to whoever it is for. */
export interface Read extends TransportMessage {
  readonly position: string;
  /** Why it can only be set aside; the body is the beginning of it then, and `size` what it was, in bytes. */
  readonly unreadable?: DeadLetterReason;
  readonly size?: number;
}

/**
 * Reads what we wrote, and gives what others wrote neutral values: an id of its position, a type of its topic. Any record is read, whatever
 * it holds; of an open stream, which others write, no header is looked at.
 */
export const readRecord = (raw: RawRecord, topic: string, partition: number, open: boolean): Read => {
  const position = positionOf(topic, partition, raw);
  const header = (name: string): string => (open ? '' : textOf(raw, name));
  return {
    id: header('id') || position,
    type: open ? topic : (typeOf(raw) ?? topic),
    key: raw.key === null ? position : textFrom(raw.key, mostCharacters),
    position,
    ...bodyOf(raw),
  };
};

type Body = Pick<Read, 'body' | 'unreadable' | 'size'>;

const bodyOf = ({ value, unreadable }: RawRecord): Body => {
  const whole = value ?? nothing;
  if (unreadable !== undefined) return { body: whole, unreadable: unreadable.reason, size: unreadable.bytes };
  const { body, truncatedFrom } = deadLetterBody(whole);
  if (truncatedFrom === undefined) return { body };
  const { code, message } = busErrors.message_too_big({ bytes: truncatedFrom, limit: maxBodyBytes });
  return { body, unreadable: { code, message }, size: truncatedFrom };
};

/** `sensor_data/3/1207`, and `sensor_data/3/1207-1211` where several could not be read. */
const positionOf = (topic: string, partition: number, { offset, unreadable }: RawRecord): string => {
  const first = unreadable?.firstOffset ?? offset;
  return `${topic}/${partition}/${first === offset ? offset : `${first}-${offset}`}`;
};

/** Ids, types and keys of ours have fewer. */
const mostCharacters = 1_000;

/** Of our header, the last of several; empty where there is none. */
export const textOf = (raw: RawRecord, name: string): string => textFrom(headerOf(raw, name), mostCharacters);

/** The wire type that a record of a shop topic has, if it tells one: in our header, else in its envelope. */
export const typeOf = (raw: RawRecord): string | undefined => {
  const type = textOf(raw, 'type');
  return isType(type) ? type : typeInEnvelope(raw);
};

const isType = (text: string): boolean => /^[\w.-]{1,200}$/.test(text);

const typeInEnvelope = ({ value, unreadable }: RawRecord): string | undefined => {
  if (value === null || unreadable !== undefined || value.length > mostBytesOfEnvelope) return undefined;
  try {
    const { type } = JSON.parse(value.toString()) as { type?: unknown };
    return typeof type === 'string' && isType(type) ? type : undefined;
  } catch {
    return undefined; // none of ours: told by whoever sets it aside
  }
};

const mostBytesOfEnvelope = 64 * 1024;

export const attemptOf = (raw: RawRecord, name = 'attempt'): number => attemptFrom(headerOf(raw, name));

export const headerOf = ({ headers }: RawRecord, name: string): unknown => {
  const value = headers?.[`${headerPrefix}${name}`];
  return Array.isArray(value) ? value.at(-1) : value;
};

/** A whole number of 0 or more, or 0. */
export const countOf = (raw: RawRecord, name: string): number => {
  const text = textOf(raw, name);
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
};

/** kafkajs wants a Buffer; the bytes are shared, not copied. */
const bufferOf = (body: Uint8Array): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

const nothing = new Uint8Array();
