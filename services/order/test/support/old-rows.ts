import { readFileSync } from 'node:fs';
import { type Kysely, sql } from 'kysely';
import type { OrderTables } from '../../src/store/tables.ts';

interface OldRows {
  readonly event_stream: readonly object[];
  readonly event: readonly {
    readonly stream: string;
    readonly version: number;
    readonly type: string;
    readonly at: string;
  }[];
  /** What `GET /api/orders/:id` answered. */
  readonly views: Readonly<Record<'done' | 'cancelled' | 'declined' | 'parked' | 'late', OldView>>;
}

interface OldView {
  readonly orderId: string;
  readonly status: string;
}

/** Rows of the last release that stored no causes, written by its code. */
export const oldRows: OldRows = JSON.parse(
  readFileSync(new URL('../fixtures/rows-before-causes.json', import.meta.url), 'utf8'),
);

export const insertOldRows = async (db: Kysely<OrderTables>): Promise<void> => {
  await sql`
    insert into event_stream (stream, version)
    select stream, version from jsonb_to_recordset(${JSON.stringify(oldRows.event_stream)}::jsonb)
      as old (stream text, version integer)`.execute(db);
  await sql`
    insert into event (stream, version, id, type, data, at)
    select stream, version, id, type, data, at from jsonb_to_recordset(${JSON.stringify(oldRows.event)}::jsonb)
      as old (stream text, version integer, id text, type text, data jsonb, at timestamptz)`.execute(db);
};
