import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { groupOf } from '../../src/store/group-of.ts';
import type { Tables } from '../../src/store/tables.ts';

const reason = 'data.email: must be an address';

/**
 * Inserts many dead letters with ascending ids in one statement. The id of each message ends in its number, as does its key; `@id` in
 * the body stands for it.
 */
export const flood = (
  store: Store<Tables>,
  count: number,
  {
    subscription = 'email.customers',
    code = 'bus.invalid_message',
    failedAt = new Date(),
    body = 'x'.repeat(300),
  } = {},
): Promise<void> =>
  store.transaction(async ({ tx }) => {
    const firstId = uuid();
    const { group_id, fingerprint } = groupOf({ subscription, type: 'user.registered', code, reason });
    await sql`
      insert into dead_letter (id, subscription, message_id, type, key, body, code, reason, attempts, failed_at, times, status,
        received_at, group_id, fingerprint)
      select overlay(${firstId}::text placing lpad(n::text, 12, '0') from 25), ${subscription}, ${firstId} || n, 'user.registered',
        'key-' || n, convert_to(replace(${body}, '@id', ${firstId} || n), 'UTF8'), ${code}, ${reason}, 1, ${failedAt}, 1, 'open',
        now(), ${group_id}, ${fingerprint}
      from generate_series(1, ${count}::integer) as n`.execute(tx);
  });
