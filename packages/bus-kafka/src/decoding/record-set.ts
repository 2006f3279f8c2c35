import { type DecodedRecord, unreadable } from './decoded-record.ts';
import { decodeMessages } from './message-set.ts';
import { decodeBatch } from './record-batch.ts';
import { Undecodable } from './undecodable.ts';

/** The maximum size of a decompressed batch, in bytes. A larger one becomes an `unreadable` record: a few kB can decompress to gigabytes. */
export const maxBatchBytes = 16 * 1024 * 1024;

/** About how much of one fetch response is decoded, in bytes; kafkajs fetches the rest again. */
const maxResponseBytes = 32 * 1024 * 1024;

/** How many bytes of one fetch response were decoded. */
export interface DecodeBudget {
  used: number;
}

const magicAt = 16;
const lengthAt = 8;
const overheadBytes = 12;
const minBytes = 17;

/**
 * Decodes a record set: batches and messages of every format, one after the other. The broker cuts off the last one where the response
 * is full. What cannot be decoded becomes an `unreadable` record, so that it can be dead-lettered and the consumer goes on.
 */
export const decodeRecordSet = async (bytes: Buffer, budget: DecodeBudget): Promise<DecodedRecord[]> => {
  const records: DecodedRecord[] = [];
  for (let at = 0; bytes.length - at >= minBytes && budget.used < maxResponseBytes; ) {
    const length = bytes.readInt32BE(at + lengthAt);
    const end = at + overheadBytes + length;
    if (length < minBytes - overheadBytes || end > bytes.length) break;
    for (const record of await decodeOne(bytes.subarray(at, end))) {
      records.push(record);
      budget.used += sizeOf(record);
    }
    at = end;
  }
  return records;
};

const decodeOne = (raw: Buffer): Promise<DecodedRecord[]> | DecodedRecord[] => {
  const magic = raw.readInt8(magicAt);
  if (magic === 2) return decodeBatch(raw, maxBatchBytes);
  if (magic === 0 || magic === 1) return decodeMessages(raw, maxBatchBytes);
  const offset = raw.readBigInt64BE(0);
  const unknown = new Undecodable(`its format has the number ${magic}, which is unknown`);
  return [unreadable({ what: 'the batch', first: offset, last: offset, raw }, unknown)];
};

const sizeOf = ({ key, value }: DecodedRecord): number => (key?.length ?? 0) + (value?.length ?? 0);
