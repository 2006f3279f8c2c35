import { type Decoded, unreadable } from './decoded.ts';
import { decodeMessages } from './message-set.ts';
import { decodeBatch } from './record-batch.ts';
import { Undecodable } from './undecodable.ts';

/** The most that one batch may be when decompressed, in bytes. What is more is set aside unread: a few kB can stand for gigabytes. */
export const maxBatchBytes = 16 * 1024 * 1024;

/** Of one answer of a broker so much is decoded, in bytes and about; the rest is asked for again. */
const maxAnswerBytes = 32 * 1024 * 1024;

/** How much of one answer was decoded. */
export interface Budget {
  used: number;
}

const magicAt = 16;
const lengthAt = 8;
const overheadBytes = 12;
const leastBytes = 17;

/**
 * The records of a record set: batches and messages of every format, one behind the other. The broker cuts the last one where the
 * answer is full. What cannot be decoded is a record that says why, in its place, so that whoever reads the log can set it aside and
 * go on.
 */
export const decodeRecordSet = async (bytes: Buffer, budget: Budget): Promise<Decoded[]> => {
  const records: Decoded[] = [];
  for (let at = 0; bytes.length - at >= leastBytes && budget.used < maxAnswerBytes; ) {
    const length = bytes.readInt32BE(at + lengthAt);
    const end = at + overheadBytes + length;
    if (length < leastBytes - overheadBytes || end > bytes.length) break;
    for (const record of await decodeOne(bytes.subarray(at, end))) {
      records.push(record);
      budget.used += sizeOf(record);
    }
    at = end;
  }
  return records;
};

const decodeOne = (raw: Buffer): Promise<Decoded[]> | Decoded[] => {
  const magic = raw.readInt8(magicAt);
  if (magic === 2) return decodeBatch(raw, maxBatchBytes);
  if (magic === 0 || magic === 1) return decodeMessages(raw, maxBatchBytes);
  const offset = raw.readBigInt64BE(0);
  const unknown = new Undecodable(`its format has the number ${magic}, which is unknown`);
  return [unreadable({ what: 'the batch', first: offset, last: offset, raw }, unknown)];
};

const sizeOf = ({ key, value }: Decoded): number => (key?.length ?? 0) + (value?.length ?? 0);
