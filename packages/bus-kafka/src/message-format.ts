import type { TransportMessage } from '@emporium/bus';
import type { IHeaders, Message } from 'kafkajs';

/** A record of a topic, as kafkajs gives it. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: string;
  readonly headers?: IHeaders;
}

/** What is ours goes into headers, as UTF-8. */
export const recordOf = (
  { id, type, key, body }: TransportMessage,
  headers: Readonly<Record<string, string>> = {},
): Message => ({ key, value: bufferOf(body), headers: { id, type, ...headers } });

/** Key and value alone: what any other client would write. */
export const openRecordOf = ({ key, body }: TransportMessage): Message => ({ key, value: bufferOf(body) });

/** Reads what we wrote, and gives what others wrote neutral values: an id of its position, a type of its topic. */
export const readRecord = (record: RawRecord, topic: string, partition: number): TransportMessage => {
  const position = positionOf(topic, partition, record.offset);
  return {
    id: textOf(record, 'id') ?? position,
    type: textOf(record, 'type') ?? topic,
    key: record.key?.toString() ?? position,
    body: record.value ?? nothing,
  };
};

/** `sensor_data/3/1207` */
export const positionOf = (topic: string, partition: number, offset: string | number): string =>
  `${topic}/${partition}/${offset}`;

export const textOf = ({ headers }: RawRecord, name: string): string | undefined => {
  const value = headers?.[name];
  return value === undefined || Array.isArray(value) ? undefined : value.toString();
};

/** A whole number of 0 or more, or the other one. */
export const countOr = (otherwise: number, value: string | undefined): number =>
  value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : otherwise;

/** kafkajs wants a Buffer; the bytes are shared, not copied. */
const bufferOf = (body: Uint8Array): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

const nothing = new Uint8Array();
