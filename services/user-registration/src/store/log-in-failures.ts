import { createHash } from 'node:crypto';
import { addressKey } from '@emporium/service';
import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

/** The wrong passwords per address in a window that starts with the first of them. */
const maxFailures = 10;
const windowMs = 60_000;

/** The time until which log-ins with this address are refused; undefined when they are not. */
export const blockedUntil = async (
  db: Kysely<Tables>,
  email: string,
  now: Date,
): Promise<Date | undefined> => {
  const row = await db
    .selectFrom('log_in_failures')
    .select('counted_until')
    .where('address_hash', '=', hashOf(email))
    .where('failures', '>=', maxFailures)
    .where('counted_until', '>', now)
    .executeTakeFirst();
  return row?.counted_until;
};

export const countFailure = async (db: Kysely<Tables>, email: string, now: Date): Promise<void> => {
  const first = {
    address_hash: hashOf(email),
    failures: 1,
    counted_until: new Date(now.getTime() + windowMs),
  };
  const isExpired = sql<boolean>`log_in_failures.counted_until <= ${now}`;
  await db
    .insertInto('log_in_failures')
    .values(first)
    .onConflict((conflict) =>
      conflict.column('address_hash').doUpdateSet({
        failures: sql<number>`case when ${isExpired} then 1 else log_in_failures.failures + 1 end`,
        counted_until: sql<Date>`case when ${isExpired} then excluded.counted_until else log_in_failures.counted_until end`,
      }),
    )
    .execute();
};

export const resetFailures = async (db: Kysely<Tables>, email: string): Promise<void> => {
  await db.deleteFrom('log_in_failures').where('address_hash', '=', hashOf(email)).execute();
};

const hashOf = (email: string): string => createHash('sha256').update(addressKey(email)).digest('base64url');
