import { createHash } from 'node:crypto';
import type { TransportMessage } from '@emporium/bus';
import type { ConsumeMessage, MessageProperties, Options } from 'amqplib';
import { typeOf } from './names.ts';

/**
 * The properties of a message that survives a restart of the broker. The key is a header; the id is `message_id`, or a
 * header where its 255 bytes are too short.
 */
export const propertiesOf = (
  { id, type, key }: TransportMessage,
  mandatory: boolean,
  headers?: Record<string, unknown>,
): Options.Publish =>
  fits(id)
    ? { persistent: true, mandatory, messageId: id, type, headers: { key, ...headers } }
    : { persistent: true, mandatory, type, headers: { key, id, ...headers } };

/** A UTF-8 character has up to three bytes per unit of a JavaScript string. */
const fits = (text: string): boolean => text.length < 86 || Buffer.byteLength(text) <= 255;

/** amqplib wants a Buffer; the bytes are shared, not copied. */
export const bufferOf = (body: Uint8Array): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

/** Reads what we sent, and gives what others sent neutral values: an id of its bytes, a type of its routing key. */
export const readMessage = ({ content, fields, properties }: ConsumeMessage): TransportMessage => {
  const id = idOf(properties) ?? createHash('sha256').update(content).digest('hex');
  return {
    id,
    type: text(properties.type) ?? typeOf(fields.routingKey),
    key: text(properties.headers?.['key']) ?? id,
    body: content,
  };
};

export const idOf = ({ messageId, headers }: MessageProperties): string | undefined =>
  text(messageId) ?? text(headers?.['id']);

/** A whole number of 0 or more, or the other one. */
export const countOr = (otherwise: number, value: unknown): number =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : otherwise;

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
