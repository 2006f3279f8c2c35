import { createHash } from 'node:crypto';
import { storableText, type TransportMessage } from '@emporium/bus';
import { textFrom } from '@emporium/bus/transport';
import type { Message, MessageProperties, Options } from 'amqplib';
import { headers } from './headers.ts';
import { typeOf } from './names.ts';

/**
 * The properties of a message that survives a restart of the broker. The key is a header; the id is `message_id`, or a
 * header where its 255 bytes are too short.
 */
export const propertiesOf = (
  { id, type, key }: TransportMessage,
  mandatory: boolean,
  more?: Record<string, unknown>,
): Options.Publish =>
  fits(id)
    ? {
        persistent: true,
        mandatory,
        messageId: id,
        type: short(type),
        headers: { [headers.key]: key, ...more },
      }
    : {
        persistent: true,
        mandatory,
        type: short(type),
        headers: { [headers.key]: key, [headers.id]: id, ...more },
      };

/** A UTF-8 character has up to three bytes per unit of a JavaScript string. */
const fits = (text: string): boolean => text.length < 86 || Buffer.byteLength(text) <= 255;

/** No type of ours is longer; what a third party's became when it was read may be. */
const short = (type: string): string => (fits(type) ? type : type.slice(0, 85));

/** amqplib wants a Buffer; the bytes are shared, not copied. */
export const bufferOf = (body: Uint8Array): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

/** As in an envelope, in characters. */
const maxLength = 1_000;

/**
 * Reads any message. One of a third party gets neutral values that can be stored: an id of its bytes, a type of its
 * routing key.
 */
export const readMessage = ({ content, fields, properties }: Message): TransportMessage => {
  const id = idOf(properties) || createHash('sha256').update(content).digest('hex');
  return {
    id,
    type: textFrom(properties.type, maxLength) || storableText(typeOf(fields.routingKey), maxLength),
    key: textFrom(headerOf(properties, headers.key), maxLength) || id,
    body: content,
  };
};

/** Empty where the message has none. */
export const idOf = (properties: MessageProperties): string =>
  readableId(properties.messageId) || readableId(headerOf(properties, headers.id));

/** An id as it is read: storable, and of bounded length. */
export const readableId = (id: unknown): string => textFrom(id, maxLength);

/** A header by its name; never an inherited property of the object. */
export const headerOf = ({ headers: all }: Pick<MessageProperties, 'headers'>, name: string): unknown =>
  all !== null && typeof all === 'object' && Object.hasOwn(all, name) ? all[name] : undefined;

/** The header as a whole number, at most the limit; 0 where it is not one. */
export const countFrom = (value: unknown, most: number): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? Math.min(value, most) : 0;
