import { attemptFrom, type TransportMessage } from '@emporium/bus';
import type { QueryResultRow } from 'pg';

/** A message that this session has locked. */
export interface Entry extends TransportMessage {
  /** The id of the row; a bigint, as text. */
  readonly row: string;
  /** Where it is stored, for people. */
  readonly position: string;
  readonly partition: number;
  readonly attempt: number;
  /** The size of the whole body, in bytes. */
  readonly size: number;
  /** The stored facts of a dead letter: a JSON value. */
  readonly facts: unknown;
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
    // A message without an id, of a third party, still needs a unique one.
    id: message_id || position,
    type,
    key,
    body,
    size,
    facts: letter,
  };
};
