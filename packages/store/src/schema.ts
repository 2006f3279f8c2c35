import type { ColumnType, Generated } from 'kysely';

/** The tables that the toolkit keeps in every service's database, beside the service's own. */
export interface MessagingTables {
  outbox: OutboxTable;
  inbox: InboxTable;
  idempotency_key: IdempotencyKeyTable;
}

export interface OutboxTable {
  id: Generated<number>;
  /** Of the key's hash; leased to one relay at a time. */
  partition: number;
  key: string;
  message_id: string;
  kind: 'event' | 'command';
  owner: string;
  type: string;
  /** What was validated is what is sent. */
  body: Buffer;
  /** Not published before it; null is at once. */
  not_before: Date | null;
  /** Of a scheduled message that can be taken back. */
  name: string | null;
}

export interface InboxTable {
  subscription: string;
  message_id: string;
  handled_at: Generated<Date>;
}

export interface IdempotencyKeyTable {
  /** Customer and route. */
  scope: string;
  key: string;
  /** SHA-256 of the request's body. */
  body_hash: string;
  status: number;
  /** What was answered: headers and body. */
  response: ColumnType<{ headers: Record<string, string>; body: unknown }, string, never>;
  created_at: Generated<Date>;
}
