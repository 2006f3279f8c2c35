import type { TransportMessage } from '@emporium/bus';
import type { QueryResultRow } from 'pg';

/** A claimed message. */
export interface Entry extends TransportMessage {
  /** The id of the row; a bigint, as text. */
  readonly row: string;
  /** For people: where it is, or was. */
  readonly position: string;
  readonly partition: number;
  readonly attempt: number;
  readonly letter: Letter | undefined;
}

/** What a dead letter adds to its message. */
export interface Letter {
  readonly subscription: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly failedAt: string;
}

export interface MessageRow extends QueryResultRow {
  readonly id: string;
  readonly partition: number;
  readonly attempt: number;
  readonly message_id: string;
  readonly type: string;
  readonly key: string;
  readonly body: Buffer;
  readonly letter: Letter | null;
}

export const entryOf = ({
  id,
  partition,
  attempt,
  message_id,
  type,
  key,
  body,
  letter,
}: MessageRow): Entry => ({
  row: id,
  position: `bus.message/${id}`,
  partition,
  attempt,
  id: message_id,
  type,
  key,
  body,
  letter: letter ?? undefined,
});
