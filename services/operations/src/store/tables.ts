import type { ColumnType } from 'kysely';

export interface Tables {
  dead_letter: DeadLetterTable;
  dead_letter_step: DeadLetterStepTable;
  audit: AuditTable;
  subscription_state: SubscriptionStateTable;
}

export type Status = 'open' | 'replayed' | 'discarded';

/** A message that a subscription could not handle, unique on `subscription` and `message_id`. */
export interface DeadLetterTable {
  id: string;
  subscription: string;
  message_id: string;
  type: string;
  key: string;
  /** The bytes of the first failure. */
  body: Buffer;
  code: string;
  reason: string;
  attempts: number;
  /** When it failed last, according to the transport; the time of reception if that is unreadable. */
  failed_at: Date;
  /** When it was last opened, by our clock. */
  opened_at: ColumnType<Date, Date | undefined, Date>;
  /** Where the broker had the message. */
  position: string | null;
  /** The original size of the last failed body in bytes, when only its beginning is stored. */
  truncated_from: number | null;
  /** JSON: the original text, by name, of each attribute that had to be changed to be stored. */
  odd_attributes: string | null;
  /** The number of failures. */
  times: number;
  status: Status;
  received_at: ColumnType<Date, Date, never>;
  /** When it was replayed or discarded; null while it is open. */
  resolved_at: Date | null;
  /** It is locked for a replay until this time. */
  claimed_until: Date | null;
}

/** The history of dead letters, in the order of the ids. */
export interface DeadLetterStepTable {
  id: string;
  dead_letter_id: string;
  kind: 'failed' | 'replayed' | 'discarded';
  at: Date;
  /** Null for a failure. */
  user_id: string | null;
  code: string | null;
  reason: string | null;
  attempts: number | null;
  /** The bytes that failed or were replayed; null when they are the same as those of the first failure. */
  body: Buffer | null;
}

export interface AuditTable {
  id: string;
  at: Date;
  user_id: string;
  action: string;
  target: string;
  correlation_id: string;
  /** JSON; never personal data. */
  details: ColumnType<Readonly<Record<string, unknown>>, string, never>;
  /** Null while the action is in progress. Stays null after a crash: then it may or may not have been done. */
  outcome: 'done' | 'refused' | null;
}

/** What was requested last of a subscription. */
export interface SubscriptionStateTable {
  subscription: string;
  state: 'active' | 'paused';
  /** The number of changes. */
  sequence: number;
  /** When it was paused or resumed last, by whom and why; null until then. */
  since: ColumnType<Date | null, Date | null | undefined, Date | null>;
  changed_by: ColumnType<string | null, string | null | undefined, string | null>;
  reason: ColumnType<string | null, string | null | undefined, string | null>;
}
