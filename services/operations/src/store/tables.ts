import type { ColumnType } from 'kysely';

export interface Tables {
  dead_letter: DeadLetterTable;
  dead_letter_step: DeadLetterStepTable;
  audit: AuditTable;
}

export type Status = 'open' | 'replayed' | 'discarded';

/** One message that one subscription could not handle; unique on the two. */
export interface DeadLetterTable {
  id: string;
  subscription: string;
  message_id: string;
  type: string;
  key: string;
  /** The bytes of its first death. */
  body: Buffer;
  code: string;
  reason: string;
  attempts: number;
  /** Of its last death, as the transport had it; the time of reception where that could not be read. */
  failed_at: Date;
  /** When it became open last, by our clock. */
  opened_at: ColumnType<Date, Date | undefined, Date>;
  /** Where the broker had the message. */
  position: string | null;
  /** The size in bytes that the body of its last death had, where only the beginning of it is here. */
  truncated_from: number | null;
  /** JSON: by name, the text of each attribute of its last death that could not be kept as it was. */
  odd_attributes: string | null;
  /** How often it died. */
  times: number;
  status: Status;
  received_at: ColumnType<Date, Date, never>;
  /** When it was replayed or discarded; null while it is open. */
  resolved_at: Date | null;
  /** Somebody is replaying it, up to this time at most. */
  claimed_until: Date | null;
}

/** What happened to a dead letter, in the order of the ids. */
export interface DeadLetterStepTable {
  id: string;
  dead_letter_id: string;
  kind: 'failed' | 'replayed' | 'discarded';
  at: Date;
  /** Who did it; null for a failure. */
  user_id: string | null;
  code: string | null;
  reason: string | null;
  attempts: number | null;
  /** The bytes of this step, where they are not those of the first death. */
  body: Buffer | null;
}

/** Who did what. */
export interface AuditTable {
  id: string;
  at: Date;
  user_id: string;
  action: string;
  target: string;
  correlation_id: string;
  /** JSON; never personal data. */
  details: ColumnType<Readonly<Record<string, unknown>>, string, never>;
  /** Null while it is being done, and for ever when we crashed meanwhile: it may have happened. */
  outcome: 'done' | 'refused' | null;
}
