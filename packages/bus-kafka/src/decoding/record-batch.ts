import { decompress } from './codecs.ts';
import { crc32c } from './crc32c.ts';
import { type BatchContext, type DecodedRecord, type Header, skipped, unreadable } from './decoded-record.ts';
import { Reader } from './reader.ts';
import { Undecodable } from './undecodable.ts';

const lastOffsetAt = 23;
const attributesAt = 21;
const crcAt = 17;

const codecMask = 7;
const isTransactional = 16;
const isControl = 32;

/** The fields of https://kafka.apache.org/documentation/#recordbatch that are needed here. */
interface BatchHeader extends BatchContext {
  readonly attributes: number;
  readonly first: bigint;
  readonly last: bigint;
  readonly firstTimestamp: bigint;
  readonly count: number;
}

/**
 * Decodes a batch of format 2. Never throws: a record that cannot be decoded becomes one `unreadable` record for itself and the rest of
 * the batch, because it is not known where the next one begins.
 */
export const decodeBatch = async (raw: Buffer, limit: number): Promise<DecodedRecord[]> => {
  const first = raw.readBigInt64BE(0);
  const delta = raw.length >= lastOffsetAt + 4 ? raw.readInt32BE(lastOffsetAt) : 0;
  const last = first + BigInt(Math.max(0, delta));
  const records: DecodedRecord[] = [];
  let next = first;
  let context: BatchContext | undefined;
  try {
    const reader = new Reader(raw, crcAt);
    if (reader.int32() !== crc32c(raw.subarray(attributesAt))) throw new Undecodable('its checksum is wrong');
    const head = headOf(reader, first, last);
    context = { producerId: head.producerId, inTransaction: head.inTransaction };
    const body = new Reader(await decompress(head.attributes & codecMask, reader.rest(), limit));
    for (let index = 0; index < head.count; index += 1) {
      const record = recordOf(body, head, context, next);
      records.push(record);
      next = BigInt(record.offset) + 1n;
    }
    // A compaction removed the last records, or all of them.
    if (next <= last) records.push(skipped(last, context));
  } catch (error) {
    const what = next === last ? 'the record' : `the batch from offset ${next} to ${last}`;
    records.push(unreadable({ what, first: next > last ? last : next, last, raw }, error, context));
  }
  return records;
};

/** Reads up to the first record. */
const headOf = (reader: Reader, first: bigint, last: bigint): BatchHeader => {
  const attributes = reader.int16();
  reader.int32(); // the last offset, relative to the first
  const firstTimestamp = reader.int64();
  reader.int64(); // the latest timestamp
  const producerId = String(reader.int64());
  reader.int16(); // the epoch of the producer
  reader.int32(); // its first sequence number
  const count = reader.int32();
  const inTransaction = (attributes & isTransactional) > 0;
  return { attributes, first, last, firstTimestamp, producerId, inTransaction, count };
};

const recordOf = (
  body: Reader,
  head: BatchHeader,
  batchContext: BatchContext,
  atLeast: bigint,
): DecodedRecord => {
  const bytes = body.take(body.varint());
  if (bytes === null) throw new Undecodable('a record has no length');
  const reader = new Reader(bytes);
  const attributes = reader.int8();
  const timestamp = head.firstTimestamp + reader.varlong();
  const offset = head.first + BigInt(reader.varint());
  if (offset < atLeast || offset > head.last)
    throw new Undecodable('a record has an offset outside of its batch');
  const [key, value, headers] = [
    reader.take(reader.varint()),
    reader.take(reader.varint()),
    headersOf(reader),
  ];
  if (reader.left > 0) throw new Undecodable('a record is longer than what is in it');
  return {
    offset: String(offset),
    key,
    value,
    headers,
    timestamp: String(timestamp),
    attributes,
    magicByte: 2,
    isControlRecord: (head.attributes & isControl) > 0,
    batchContext,
  };
};

/** A name may come more than once. */
const headersOf = (reader: Reader): DecodedRecord['headers'] => {
  const count = reader.varint();
  if (count === 0) return {};
  const values = new Map<string, Header[]>();
  for (let index = 0; index < count; index += 1) {
    const name = reader.take(reader.varint())?.toString() ?? '';
    const value = reader.take(reader.varint());
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  const single = ([name, all]: [string, Header[]]): [string, Header | Header[]] => [
    name,
    all.length === 1 ? (all[0] ?? null) : all,
  ];
  return Object.fromEntries([...values].map(single));
};
