import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { groupOf } from './group-of.ts';
import type { Tables } from './tables.ts';

/** Groups dead letters that were stored before there were groups, and counts their replays. Returns how many there were, up to `limit`. */
export const groupStored = (store: Store<Tables>, limit: number): Promise<number> =>
  store.transaction(async ({ tx }) => {
    const rows = await tx
      .selectFrom('dead_letter')
      .select(['id', 'subscription', 'type', 'code', 'reason'])
      .where('group_id', 'is', null)
      .orderBy('id')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute();
    if (rows.length === 0) return 0;
    const groups = rows.map(groupOf);
    await sql`
      update dead_letter as letter set group_id = grouped.group_id, fingerprint = grouped.fingerprint,
        replays = history.replays, replayed_at = history.at, replayed_by = history.user_id
      from unnest(
          ${rows.map(({ id }) => id)}::text[],
          ${groups.map(({ group_id }) => group_id)}::text[],
          ${groups.map(({ fingerprint }) => fingerprint)}::text[]
        ) as grouped (id, group_id, fingerprint),
        lateral (
          select count(*) as replays, max(at) as at, (array_agg(user_id order by step.id desc))[1] as user_id
          from dead_letter_step as step where step.dead_letter_id = grouped.id and step.kind = 'replayed'
        ) as history
      where letter.id = grouped.id`.execute(tx);
    return rows.length;
  });
