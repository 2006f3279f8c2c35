import { attemptFrom, type TransportMessage } from '@emporium/bus';
import type { QueryResultRow } from 'pg';

/** A claimed message. */
export interface Entry extends TransportMessage {
  /** The id of the row; a bigint, as text. */
  readonly row: string;
  /** For people: where it is, or was. */
  readonly position: string;
  readonly partition: number;
  readonly attempt: number;
  /** Of the whole body, in bytes. */
  readonly size: number;
  /** Of a dead letter: a JSON value. */
  readonly letter: unknown;
}

export interface MessageRow extends QueryResultRow {
  readonly id: string;
  readonly partition: number;
  readonly attempt: number;
  readonly message_id: string;
  readonly type: string;
  readonly key: string;
  readonly body: Buffer;
  readonly size: number;
  readonly letter: unknown;
}

export const entryOf = (row: MessageRow): Entry => {
  const { id, partition, attempt, message_id, type, key, body, size, letter } = row;
  const position = `bus.message/${id}`;
  return {
    row: id,
    position,
    partition,
    attempt: attemptFrom(attempt),
    // Without one of its own it is still told from all others.
    id: message_id || position,
    type,
    key,
    body,
    size,
    letter,
  };
};
