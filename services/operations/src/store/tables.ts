import type { ColumnType } from 'kysely';
import type { SpanAttributes, SpanKind, SpanLink } from '../domain/trace/span.ts';

export interface Tables {
  dead_letter: DeadLetterTable;
  dead_letter_step: DeadLetterStepTable;
  dead_letter_job: DeadLetterJobTable;
  audit: AuditTable;
  subscription_state: SubscriptionStateTable;
  span: SpanTable;
  span_link: SpanLinkTable;
  span_slot: SpanSlotTable;
}

export const statuses = ['open', 'replayed', 'discarded'] as const;
export type Status = (typeof statuses)[number];

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
  /** The job that locked it. */
  claimed_by: ColumnType<string | null, string | null | undefined, string | null>;
  /** The same for all with the same subscription, type, code and fingerprint. Null until a row from before groups is grouped. */
  group_id: string | null;
  fingerprint: string | null;
  /** The number of replays; the time of the last one, and who asked for it. */
  replays: ColumnType<number, number | undefined, number>;
  replayed_at: ColumnType<Date | null, Date | undefined, Date>;
  replayed_by: ColumnType<string | null, string | undefined, string>;
  /** Of the envelope; null where that has none, and for rows from before this column. */
  correlation_id: ColumnType<string | null, string | null | undefined, string | null>;
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
  /** The group that it failed into. */
  group_id: ColumnType<string | null, string | null | undefined, never>;
}

export type JobAction = 'replay' | 'discard';

/** `failed`: it gave up, because of something that would repeat with every dead letter. */
export type JobState = 'running' | 'stopping' | 'stopped' | 'finished' | 'failed';

/** What could not be done, by code. */
export type JobFailures = Readonly<Record<string, JobFailure>>;

export interface JobFailure {
  readonly count: number;
  /** The reason of the first one, and its id. */
  readonly detail: string;
  readonly example: string;
}

/** JSON. */
export interface JobFilter {
  readonly subscription?: string | undefined;
  readonly type?: string | undefined;
  readonly code?: string | undefined;
  readonly group?: string | undefined;
  /** RFC 3339. */
  readonly failedBefore?: string | undefined;
}

/** A replay or discard of many dead letters: those that match, are open, and were opened before it. */
export interface DeadLetterJobTable {
  id: string;
  action: JobAction;
  filter: ColumnType<JobFilter, string, never>;
  /** Of a discard. */
  reason: string | null;
  /** The maximum a second. */
  rate: number;
  /** The number of dead letters that it is to handle. */
  total: number;
  state: JobState;
  /** While it is true a running job handles nothing. */
  paused: ColumnType<boolean, boolean | undefined, boolean>;
  /** Whether it begins slowly; `rate` is then the highest. */
  growing: ColumnType<boolean, boolean | undefined, boolean>;
  done: ColumnType<number, number | undefined, number>;
  failures: ColumnType<JobFailures, string | undefined, string>;
  opened_before: Date;
  /** The id of the last dead letter that was handled. Each is handled once, in the order of the ids. */
  position: ColumnType<string, string | undefined, string>;
  /** When it is finished: the number that are open without a failure, since they became visible after it had passed them. */
  still_open: number | null;
  /** Why it waits, such as for the broker, or why it gave up. */
  problem: string | null;
  requested_by: string;
  requested_at: Date;
  stopped_by: string | null;
  ended_at: Date | null;
  /** The instance that runs it, until this time. */
  leased_by: string | null;
  leased_until: Date | null;
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

export interface SpanTable {
  /** The partition. */
  slot: number;
  /** 16 bytes; as text with hyphens. */
  trace_id: string;
  span_id: string;
  parent_id: string | null;
  correlation_id: string | null;
  service: string;
  name: string;
  kind: SpanKind;
  /** Microseconds since the epoch. */
  started_us: number;
  duration_us: number;
  is_error: boolean;
  status_message: string | null;
  attributes: ColumnType<SpanAttributes, string, never>;
  links: ColumnType<readonly SpanLink[] | null, string | null, never>;
}

/** Finds the spans that link to a trace. */
export interface SpanLinkTable {
  slot: number;
  linked_trace_id: string;
  trace_id: string;
}

/** The partitions of `span` and `span_link`, which are filled one after the other and emptied as a whole. */
export interface SpanSlotTable {
  slot: number;
  /** Greater than that of all slots that were opened before it; null while it has never been. */
  opened_as: number | null;
  /** When it became the one that is written; null while it has never been. */
  opened_at: Date | null;
  /** When the next one was opened. */
  closed_at: Date | null;
  spans: number;
  /** About what its spans take on disk. */
  bytes: number;
}
