import { truncatedBodyBytes } from '@emporium/bus';
import type { DeadLetterReason } from '@emporium/bus/transport';
import { reasonOf } from './undecodable.ts';

/** What kafkajs wants to know of the batch of a record: whose transaction it was. */
export interface BatchContext {
  readonly producerId: string;
  readonly inTransaction: boolean;
}

/** A record of a log, in the form that kafkajs gives on; `unreadable` is ours. */
export interface Decoded {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Header | Header[]>;
  readonly timestamp: string;
  readonly attributes: number;
  readonly magicByte: number;
  /** Of Kafka's own, and no message. */
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
  readonly unreadable?: Unreadable;
}

/** The protocol knows headers without a value; kafkajs's types leave them out. */
export type Header = Buffer | null;

/** Stands in the place of what cannot be decoded, at its last offset; its value is the beginning of the bytes in the log. */
export interface Unreadable {
  readonly reason: DeadLetterReason;
  readonly firstOffset: string;
  /** How many bytes the log holds of it. */
  readonly bytes: number;
}

const noBatch: BatchContext = { producerId: '-1', inTransaction: false };

/** No message, but the offset was passed: kafkajs goes on behind it. */
export const passed = (offset: bigint, batchContext: BatchContext = noBatch): Decoded => ({
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

/** `raw`: what the log holds of it. */
export const unreadable = (
  { what, first, last, raw }: { what: string; first: bigint; last: bigint; raw: Buffer },
  error: unknown,
  batchContext: BatchContext = noBatch,
): Decoded => ({
  ...passed(last, batchContext),
  value: Buffer.from(raw.subarray(0, truncatedBodyBytes)),
  isControlRecord: false,
  unreadable: { reason: reasonOf(what, error), firstOffset: String(first), bytes: raw.length },
});
