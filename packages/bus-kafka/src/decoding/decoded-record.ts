import { truncatedBodyBytes } from '@emporium/bus';
import type { DeadLetterReason } from '@emporium/bus/transport';
import { reasonOf } from './undecodable.ts';

/** kafkajs needs it to leave out aborted transactions. */
export interface BatchContext {
  readonly producerId: string;
  readonly inTransaction: boolean;
}

/** A record in the form that kafkajs passes on; `unreadable` is ours. */
export interface DecodedRecord {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Header | Header[]>;
  readonly timestamp: string;
  readonly attributes: number;
  readonly magicByte: number;
  /** Written by Kafka itself: kafkajs skips it. */
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
  readonly unreadable?: Unreadable;
}

/** The protocol allows headers without a value; kafkajs's types do not. */
export type Header = Buffer | null;

/** Describes a batch or record that cannot be decoded. It has the last offset, and the first bytes of the raw data as value. */
export interface Unreadable {
  readonly reason: DeadLetterReason;
  readonly firstOffset: string;
  /** Its size in the log. */
  readonly bytes: number;
}

const noBatch: BatchContext = { producerId: '-1', inTransaction: false };

/** A placeholder that kafkajs skips: it goes on behind this offset. */
export const skipped = (offset: bigint, batchContext: BatchContext = noBatch): DecodedRecord => ({
  offset: String(offset),
  key: null,
  value: null,
  headers: {},
  timestamp: '-1',
  attributes: 0,
  magicByte: 2,
  isControlRecord: true,
  batchContext,
});

/** A record in place of the offsets from `first` to `last`; `raw` is their data in the log. */
export const unreadable = (
  { what, first, last, raw }: { what: string; first: bigint; last: bigint; raw: Buffer },
  error: unknown,
  batchContext: BatchContext = noBatch,
): DecodedRecord => ({
  ...skipped(last, batchContext),
  value: Buffer.from(raw.subarray(0, truncatedBodyBytes)),
  isControlRecord: false,
  unreadable: { reason: reasonOf(what, error), firstOffset: String(first), bytes: raw.length },
});
