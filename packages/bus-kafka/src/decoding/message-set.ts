import { crc32 } from 'node:zlib';
import { decompress } from './codecs.ts';
import { type DecodedRecord, skipped, unreadable } from './decoded-record.ts';
import { Reader } from './reader.ts';
import { Undecodable } from './undecodable.ts';

/** The offset and the size itself, which the size does not include. */
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
 * Decodes one entry of the formats 0 and 1 (until Kafka 0.10): a message, or the messages that are compressed in it. Never throws:
 * what cannot be decoded becomes an `unreadable` record.
 */
export const decodeMessages = async (raw: Buffer, limit: number): Promise<DecodedRecord[]> => {
  const last = raw.readBigInt64BE(0);
  try {
    const outer = messageOf(raw);
    if (outer.codec === 0) return [recordOf(outer)];
    if (outer.value === null) throw new Undecodable('it is compressed, and empty');
    const inner = innerOf(await decompress(outer.codec, outer.value, limit));
    // In format 1 the inner offsets are relative, and the outer message has the offset of the last one.
    const shift = outer.magic === 0 ? 0n : outer.offset - (inner.at(-1)?.offset ?? 0n);
    const records = inner.map((message) => recordOf({ ...message, offset: message.offset + shift }));
    return records.length === 0 ? [skipped(last)] : records;
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

const recordOf = ({ offset, magic, timestamp, key, value }: Message): DecodedRecord => ({
  ...skipped(offset),
  key,
  value,
  timestamp: String(timestamp),
  magicByte: magic,
  isControlRecord: false,
});
