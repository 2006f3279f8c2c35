import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { storeErrors } from './errors.ts';

/**
 * By name, in the order of their names: `001-products`. A migration that ran is never changed. One that is new runs wherever its
 * name is among those that have run: packages have migrations beside those of the service.
 */
export type Migrations = Readonly<Record<string, (db: Kysely<unknown>) => Promise<void>>>;

/** A migration from SQL statements. */
export const statements =
  (...texts: readonly string[]) =>
  async (db: Kysely<unknown>): Promise<void> => {
    for (const text of texts) await sql.raw(text).execute(db);
  };

/**
 * Runs what has not run; instances that start together wait for each other. Each migration is a transaction of its own: in one for all,
 * the locks of an early one would be held until the end, against instances of the release before, which take them in another order.
 */
export const migrate = async <DB>(db: Kysely<DB>, table: string, migrations: Migrations): Promise<void> => {
  const provided = Object.fromEntries(
    Object.entries(migrations).map(([name, up]): [string, Migration] => [name, { up }]),
  );
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => provided },
    migrationTableName: table,
    migrationLockTableName: `${table}_lock`,
    allowUnorderedMigrations: true, // a later migration of a package may come before one of the service that has run
  });
  for (;;) {
    const { error, results } = await migrator.migrateUp();
    if (error === undefined && (results ?? []).length === 0) return;
    if (error === undefined) continue;
    const failed = results?.find(({ status }) => status === 'Error')?.migrationName;
    throw storeErrors.migration_failed({ migration: failed ?? table, cause: error });
  }
};

/** The toolkit's own tables. Queue tables live by deletes: vacuum comes early, and a page keeps room for it. */
export const messagingMigrations: Migrations = {
  '001-outbox': statements(
    `create table outbox (
      id bigint generated always as identity primary key,
      partition smallint not null,
      key text not null,
      message_id text not null,
      kind text not null,
      owner text not null,
      type text not null,
      body bytea not null,
      not_before timestamptz,
      name text
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000)`,
    'create index outbox_ready on outbox (id) where not_before is null',
    'create index outbox_not_before on outbox (not_before) where not_before is not null',
    'create unique index outbox_name on outbox (name) where name is not null',
  ),
  '002-inbox': statements(
    `create table inbox (
      subscription text not null,
      message_id text not null,
      handled_at timestamptz not null default clock_timestamp(),
      primary key (subscription, message_id)
    )`,
    'create index inbox_handled_at on inbox using brin (handled_at)',
  ),
  '003-idempotency-key': statements(
    `create table idempotency_key (
      scope text not null,
      key text not null,
      body_hash text not null,
      status integer not null,
      response json not null,
      created_at timestamptz not null default clock_timestamp(),
      primary key (scope, key)
    )`,
  ),
  '004-task-outbox': statements(
    `create table task_outbox (
      id bigint generated always as identity primary key,
      task_id text not null,
      task text not null,
      attempts integer not null,
      body bytea not null,
      due_at timestamptz,
      priority integer,
      dedupe_key text
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000)`,
  ),
  // Commands with an expiry that were begun outside in time: those are finished, however late they come again.
  '005-begun': statements(
    `create table begun (
      subscription text not null,
      message_id text not null,
      begun_at timestamptz not null default clock_timestamp(),
      primary key (subscription, message_id)
    )`,
    'create index begun_begun_at on begun using brin (begun_at)',
  ),
  // A scheduled message has a row for each version that it is published in, all under its name.
  '006-outbox-copy': statements(
    'alter table outbox add column copy smallint not null default 0',
    'drop index outbox_name',
    'create unique index outbox_name on outbox (name, copy) where name is not null',
  ),
  // A row with a subscription is for that one alone; both indexes are empty but during a backfill.
  '007-backfill': statements(
    'alter table outbox add column subscription text',
    'create index outbox_subscription on outbox (subscription) where subscription is not null',
    `create table backfill (
      subscription text primary key,
      requested_by text not null,
      requested_at timestamptz not null,
      position text,
      until text not null,
      total bigint not null,
      done bigint not null default 0,
      messages bigint not null default 0,
      finished_at timestamptz
    )`,
    'create index backfill_open on backfill (requested_at) where finished_at is null',
  ), // A row stays when the subscription is resumed: its sequence tells older changes from newer ones.
  '008-subscription-pause': statements(
    `create table subscription_pause (
      subscription text primary key,
      sequence bigint not null,
      paused boolean not null,
      since timestamptz,
      paused_by text,
      reason text,
      check (not paused or (since is not null and paused_by is not null and reason is not null))
    )`,
    'create index subscription_pause_paused on subscription_pause (subscription) where paused',
  ),
  // Since when a row waits: its transaction began, or a scheduled message was due. `now()` is the same for all rows that are there.
  '009-ready-since': statements(
    'alter table outbox add column ready_since timestamptz not null default now()',
    'alter table task_outbox add column ready_since timestamptz not null default now()',
  ),
};
