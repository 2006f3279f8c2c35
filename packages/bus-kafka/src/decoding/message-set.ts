import { crc32 } from 'node:zlib';
import { decompress } from './codecs.ts';
import { type Decoded, passed, unreadable } from './decoded.ts';
import { Reader } from './reader.ts';
import { Undecodable } from './undecodable.ts';

/** Offset and size, which are not counted in the size. */
const overheadBytes = 12;
const codecMask = 7;

interface Message {
  readonly offset: bigint;
  readonly magic: number;
  readonly codec: number;
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/**
 * The messages of one entry of the formats 0 and 1 (until Kafka 0.10; logs of that time may still be read), `raw`: itself, or those
 * that are compressed in it. Throws nothing.
 */
export const decodeMessages = async (raw: Buffer, limit: number): Promise<Decoded[]> => {
  const last = raw.readBigInt64BE(0);
  try {
    const outer = messageOf(raw);
    if (outer.codec === 0) return [recordOf(outer)];
    if (outer.value === null) throw new Undecodable('it is compressed, and empty');
    const inner = innerOf(await decompress(outer.codec, outer.value, limit));
    // Format 1 counts from the first one, and the offset of the outer message is that of the last one.
    const shift = outer.magic === 0 ? 0n : outer.offset - (inner.at(-1)?.offset ?? 0n);
    const records = inner.map((message) => recordOf({ ...message, offset: message.offset + shift }));
    return records.length === 0 ? [passed(last)] : records;
  } catch (error) {
    return [unreadable({ what: 'the message', first: last, last, raw }, error)];
  }
};

const innerOf = (bytes: Buffer): Message[] => {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.length - at < overheadBytes ? -1 : bytes.readInt32BE(at + 8);
    const end = at + overheadBytes + size;
    if (size < 0 || end > bytes.length) throw new Undecodable('a message in it ends too early');
    messages.push(messageOf(bytes.subarray(at, end)));
    at = end;
  }
  return messages;
};

const messageOf = (raw: Buffer): Message => {
  const reader = new Reader(raw);
  const offset = reader.int64();
  reader.int32(); // its size
  if (reader.int32() !== (crc32(raw.subarray(16)) | 0)) throw new Undecodable('its checksum is wrong');
  const magic = reader.int8();
  const attributes = reader.int8();
  const timestamp = magic === 0 ? -1n : reader.int64();
  const key = reader.take(reader.int32());
  const value = reader.take(reader.int32());
  return { offset, magic, codec: attributes & codecMask, timestamp, key, value };
};

const recordOf = ({ offset, magic, timestamp, key, value }: Message): Decoded => ({
  ...passed(offset),
  key,
  value,
  timestamp: String(timestamp),
  magicByte: magic,
  isControlRecord: false,
});
