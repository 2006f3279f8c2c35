import { attemptFrom, busErrors, deadLetterBody, maxBodyBytes, type TransportMessage } from '@emporium/bus';
import { type DeadLetterReason, headerPrefix, textFrom } from '@emporium/bus/transport';
import type { Message } from 'kafkajs';
import type { Unreadable } from './decoding/decoded-record.ts';

/** A record of a topic. A header may have no value, or several. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Present where the data could not be decoded. */
  readonly unreadable?: Unreadable;
}

/** Our headers, by their names without the prefix. */
export type Headers = Readonly<Record<string, string>>;

/** The record of a message on a topic of ours: id, type and the given headers become headers. */
export const recordOf = ({ id, type, key, body }: TransportMessage, headers: Headers = {}): Message => ({
  key,
  value: bufferOf(body),
  headers: Object.fromEntries(
    Object.entries({ id, type, ...headers }).map(([name, value]) => [`${headerPrefix}${name}`, value]),
  ),
});

/** The record of a message on an open stream: key and value without headers, as any other client would write it. */
export const openRecordOf = ({ key, body }: TransportMessage): Message => ({ key, value: bufferOf(body) });

/** A message as it was read from a record. */
export interface Read extends TransportMessage {
  readonly position: string;
  /** Why it can only be dead-lettered. Its body is truncated then, and `size` is the original size in bytes. */
  readonly unreadable?: DeadLetterReason;
  readonly size?: number;
}

/**
 * Reads any record and never throws. Where a header of ours is missing the position is the id, and the topic is the type. The headers
 * of an open stream are ignored, since third parties write them.
 */
export const readRecord = (raw: RawRecord, topic: string, partition: number, open: boolean): Read => {
  const position = positionOf(topic, partition, raw);
  const header = (name: string): string => (open ? '' : textOf(raw, name));
  return {
    id: header('id') || position,
    type: open ? topic : (typeOf(raw) ?? topic),
    key: raw.key === null ? position : textFrom(raw.key, maxCharacters),
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

/** `sensor_data/3/1207`, or `sensor_data/3/1207-1211` where several records could not be decoded. */
const positionOf = (topic: string, partition: number, { offset, unreadable }: RawRecord): string => {
  const first = unreadable?.firstOffset ?? offset;
  return `${topic}/${partition}/${first === offset ? offset : `${first}-${offset}`}`;
};

/** More than an id, type or key of ours has. */
const maxCharacters = 1_000;

/** The text of our header, of the last one if there are several; empty where there is none. */
export const textOf = (raw: RawRecord, name: string): string => textFrom(headerOf(raw, name), maxCharacters);

/** The wire type of a record, from our header or else from its envelope; undefined if neither has one. */
export const typeOf = (raw: RawRecord): string | undefined => {
  const type = textOf(raw, 'type');
  return isType(type) ? type : typeInEnvelope(raw);
};

const isType = (text: string): boolean => /^[\w.-]{1,200}$/.test(text);

const typeInEnvelope = ({ value, unreadable }: RawRecord): string | undefined => {
  if (value === null || unreadable !== undefined || value.length > maxEnvelopeBytes) return undefined;
  try {
    const { type } = JSON.parse(value.toString()) as { type?: unknown };
    return typeof type === 'string' && isType(type) ? type : undefined;
  } catch {
    return undefined; // not a message of ours: the subscriber dead-letters it
  }
};

const maxEnvelopeBytes = 64 * 1024;

export const attemptOf = (raw: RawRecord, name = 'attempt'): number => attemptFrom(headerOf(raw, name));

export const headerOf = ({ headers }: RawRecord, name: string): unknown => {
  const value = headers?.[`${headerPrefix}${name}`];
  return Array.isArray(value) ? value.at(-1) : value;
};

/** The header as a whole number; 0 where it is not one. */
export const countOf = (raw: RawRecord, name: string): number => {
  const text = textOf(raw, name);
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
};

/** kafkajs needs a Buffer; the bytes are shared, not copied. */
const bufferOf = (body: Uint8Array): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

const nothing = new Uint8Array();
