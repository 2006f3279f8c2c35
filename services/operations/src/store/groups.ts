import { type Kysely, sql } from 'kysely';
import type { DeadLetterFilter } from './dead-letters.ts';
import type { Tables } from './tables.ts';

/** Dead letters that failed in one subscription, with one type, for one reason. */
export interface DeadLetterGroup {
  readonly group_id: string;
  readonly subscription: string;
  readonly type: string;
  readonly code: string;
  readonly fingerprint: string;
  readonly open: number;
  readonly replayed: number;
  readonly discarded: number;
  /** Open ones that were replayed before. */
  readonly failed_again: number;
  readonly first_at: Date;
  readonly last_at: Date;
  /** The newest, of the open ones if there are any. */
  readonly example_id: string;
  readonly example_key: string;
  readonly example_reason: string;
}

export interface GroupPage {
  /** The last group of the previous page. */
  readonly before?: { readonly lastAt: Date; readonly id: string } | undefined;
  readonly limit: number;
}

/**
 * The newest last failure first. With a status, the groups that have a dead letter of that status. The counts come from the index
 * `dead_letter_group` alone; the table is read for the examples of the page.
 */
export const listGroups = async (
  db: Kysely<Tables>,
  { subscription, type, code, group, status }: DeadLetterFilter,
  { before, limit }: GroupPage,
): Promise<DeadLetterGroup[]> => {
  const countOf = (name: string) => sql`count(*) filter (where status = ${sql.lit(name)})`;
  const conditions = [
    sql`group_id is not null`,
    ...(subscription === undefined ? [] : [sql`subscription = ${subscription}`]),
    ...(type === undefined ? [] : [sql`type = ${type}`]),
    ...(code === undefined ? [] : [sql`code = ${code}`]),
    ...(group === undefined ? [] : [sql`group_id = ${group}`]),
  ];
  const ofPage = [
    ...(status === undefined ? [] : [sql`${countOf(status)} > 0`]),
    ...(before === undefined
      ? []
      : [sql`(max(failed_at), group_id) < (${before.lastAt}::timestamptz, ${before.id})`]),
  ];
  const having = ofPage.length === 0 ? sql`` : sql`having ${sql.join(ofPage, sql` and `)}`;
  const { rows } = await sql<DeadLetterGroup>`
    with page as materialized (
      select group_id, ${countOf('open')} as open, ${countOf('replayed')} as replayed, ${countOf('discarded')} as discarded,
        count(*) filter (where status = 'open' and replays > 0) as failed_again,
        least(min(received_at), min(failed_at)) as first_at, max(failed_at) as last_at,
        coalesce(max(id) filter (where status = 'open'), max(id)) as example_id
      from dead_letter where ${sql.join(conditions, sql` and `)}
      group by group_id ${having}
      order by last_at desc, group_id desc limit ${limit}
    )
    select page.*, subscription, type, code, fingerprint, key as example_key, reason as example_reason
    from page join dead_letter on id = example_id
    order by last_at desc, page.group_id desc`.execute(db);
  return rows;
};
