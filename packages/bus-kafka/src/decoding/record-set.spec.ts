import { createRequire } from 'node:module';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';
import type { DecodedRecord } from './decoded-record.ts';
import { decodeRecordSet, maxBatchBytes } from './record-set.ts';

const require = createRequire(import.meta.url);

/** What kafkajs writes, as every other client does. */
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0');
const Record = require('kafkajs/src/protocol/recordBatch/record/v0');
const MessageV1 = require('kafkajs/src/protocol/message/v1');

interface Batch {
  readonly first: number;
  readonly values: readonly (string | Buffer | null)[];
  /** The distances of the records from the first offset. */
  readonly deltas?: readonly number[];
  readonly last?: number;
}

const batchOf = async ({
  first,
  values,
  deltas = values.map((_, index) => index),
  last,
}: Batch): Promise<Buffer> => {
  const records = values.map((value, index) =>
    Record({
      offsetDelta: deltas[index],
      timestampDelta: 0,
      key: 'k',
      value,
      headers: { name: ['a', 'b'], other: 'c' },
    }),
  );
  const { buffer } = await RecordBatch({
    firstOffset: first,
    firstTimestamp: 0,
    maxTimestamp: 0,
    lastOffsetDelta: last ?? deltas.at(-1) ?? 0,
    records,
  });
  return resummed(Buffer.from(buffer));
};

const resummed = (batch: Buffer): Buffer => {
  batch.writeInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
};

const read = (...parts: readonly Buffer[]): Promise<DecodedRecord[]> =>
  decodeRecordSet(Buffer.concat(parts), { used: 0 });

const seen = (records: readonly DecodedRecord[]) =>
  records.map(({ offset, value, isControlRecord, unreadable }) => {
    if (isControlRecord) return `${offset} passed`;
    return unreadable === undefined ? `${offset} ${value}` : `${unreadable.firstOffset}-${offset} unreadable`;
  });

describe('a record set', () => {
  test('is read with keys, values, and headers that come several times', async () => {
    const [record] = await read(await batchOf({ first: 7, values: ['one'] }));
    expect(record).toMatchObject({ offset: '7', key: Buffer.from('k'), value: Buffer.from('one') });
    expect(record?.headers).toEqual({ name: [Buffer.from('a'), Buffer.from('b')], other: Buffer.from('c') });
  });

  test('is left at its end, also where a compaction took records or all of a batch', async () => {
    const gaps = await batchOf({ first: 10, values: ['a', null], deltas: [1, 4], last: 6 });
    const empty = await batchOf({ first: 17, values: [], deltas: [], last: 2 });
    expect(seen(await read(gaps, empty))).toEqual(['11 a', '14 null', '16 passed', '19 passed']);
  });

  test('that is cut where the answer is full is read as far as it goes', async () => {
    const [one, two] = [
      await batchOf({ first: 0, values: ['one'] }),
      await batchOf({ first: 1, values: ['two'] }),
    ];
    for (let length = 0; length < two.length; length += 1)
      expect(seen(await read(one, two.subarray(0, length)))).toEqual(['0 one']);
  });

  test('with more records than a function takes arguments is read', async () => {
    const count = 150_000;
    // Without a key, a value or headers, each a varint of four bytes from the one before.
    const records = Buffer.alloc(count * 10);
    for (let index = 0; index < count; index += 1) {
      const number = index * 2;
      const delta = [number | 128, (number >>> 7) | 128, (number >>> 14) | 128, number >>> 21];
      records.set([18, 0, 0, ...delta.map((byte) => byte & 255), 1, 1, 0], index * 10);
    }
    const batch = Buffer.concat([(await batchOf({ first: 0, values: ['x'] })).subarray(0, 61), records]);
    batch.writeInt32BE(batch.length - 12, 8);
    batch.writeInt32BE(count - 1, 23);
    batch.writeInt32BE(count, 57);
    expect(await read(resummed(batch))).toHaveLength(count);
  }, 60_000);

  test('gives the records in front of one that is malformed, and sets aside the others together', async () => {
    const batch = await batchOf({ first: 3, values: ['one', 'two', 'three'] });
    batch.writeInt8(126, batch.indexOf('two') - 7); // its length
    expect(seen(await read(resummed(batch), await batchOf({ first: 6, values: ['after'] })))).toEqual([
      '3 one',
      '4-5 unreadable',
      '6 after',
    ]);
  });

  test('goes on behind a batch of which any byte is another one', async () => {
    const batch = await batchOf({ first: 3, values: ['one', 'two'] });
    const after = await batchOf({ first: 5, values: ['after'] });
    for (let at = 12; at < batch.length; at += 1) {
      const damaged = Buffer.from(batch);
      damaged[at] = (damaged[at] ?? 0) ^ 0x55;
      const texts = seen(await read(damaged, after));
      expect(texts.at(-1)).toBe('5 after');
      // The leader's epoch is in no checksum.
      if (at >= 16)
        expect(
          texts.filter((text) => text.includes('unreadable')),
          String(at),
        ).toHaveLength(1);
    }
  });

  test('has a bound for what a batch may become', async () => {
    const batch = await batchOf({ first: 0, values: ['x'] });
    const bomb = Buffer.concat([batch.subarray(0, 61), gzipSync(Buffer.alloc(maxBatchBytes + 1))]);
    bomb.writeInt32BE(bomb.length - 12, 8);
    bomb.writeInt16BE(1, 21);
    const [record] = await read(resummed(bomb));
    expect(record?.unreadable).toMatchObject({
      reason: { code: 'bus.message_too_big', message: expect.stringContaining(String(maxBatchBytes)) },
      bytes: bomb.length,
    });
  });

  test('is left in the middle when one answer holds too much', async () => {
    const batches = await Promise.all([0, 1].map((first) => batchOf({ first, values: ['x'] })));
    const budget = { used: 32 * 1024 * 1024 - 1 };
    expect(seen(await decodeRecordSet(Buffer.concat(batches), budget))).toEqual(['0 x']);
  });

  /** An entry of the formats before 0.11. */
  const entryOf = (offset: number, message: Buffer): Buffer => {
    message.writeInt32BE(crc32(message.subarray(4)) | 0, 0);
    const head = Buffer.alloc(12);
    head.writeBigInt64BE(BigInt(offset));
    head.writeInt32BE(message.length, 8);
    return Buffer.concat([head, message]);
  };

  const oldMessage = (value: Buffer, compression = 0): Buffer =>
    Buffer.from(MessageV1({ compression, timestamp: 0, key: 'k', value }).buffer);

  test('of the old formats is read, compressed or not, and what is wrong in it is set aside', async () => {
    const inner = Buffer.concat([
      entryOf(0, oldMessage(Buffer.from('a'))),
      entryOf(1, oldMessage(Buffer.from('b'))),
    ]);
    const damaged = entryOf(13, oldMessage(Buffer.from('damaged')));
    damaged[damaged.length - 1] = 0;
    const set = [
      entryOf(10, oldMessage(Buffer.from('plain'))),
      entryOf(12, oldMessage(gzipSync(inner), 1)),
      damaged,
      entryOf(14, oldMessage(Buffer.from('no gzip'), 1)),
      await batchOf({ first: 15, values: ['new'] }),
    ];
    expect(seen(await read(...set))).toEqual([
      '10 plain',
      '11 a',
      '12 b',
      '13-13 unreadable',
      '14-14 unreadable',
      '15 new',
    ]);
  });

  test('of an unknown format is set aside', async () => {
    const batch = await batchOf({ first: 3, values: ['one'] });
    batch.writeInt8(9, 16);
    expect(seen(await read(batch))).toEqual(['3-3 unreadable']);
  });
});
