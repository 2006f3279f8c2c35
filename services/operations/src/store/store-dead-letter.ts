import { type DeadLetter, deadLetterBody, messageOf, settlementOf, truncatedBodyBytes } from '@emporium/bus';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { correlationIdIn } from '../domain/correlation-id.ts';
import { attributesOf } from './attributes.ts';
import { groupOf } from './group-of.ts';
import { storable, textOf } from './storable.ts';
import type { Tables } from './tables.ts';

/**
 * Stores a dead letter, whatever it contains. A replayed one that failed again is reopened; the same failure, delivered twice,
 * changes nothing. What PostgreSQL rejects is stored in a reduced form, so that it is not redelivered for ever.
 * Returns whether the failure is new. Rejects only with errors that are worth a retry, such as a lost connection.
 */
export const storeDeadLetter = async (store: Store<Tables>, deadLetter: DeadLetter): Promise<boolean> => {
  try {
    return await upsert(store, deadLetter);
  } catch (error) {
    if (settlementOf(error) !== 'dead-letter') throw error;
    return upsert(store, reduced(deadLetter, messageOf(error)));
  }
};

/** What can always be stored: an id, the subscription, and the beginning of the body. */
const reduced = (deadLetter: DeadLetter, why: string): DeadLetter => ({
  id: storable(`reduced:\0${textOf(deadLetter.id)}`), // differs from the id of a dead letter that was stored whole
  type: 'unknown',
  key: '',
  subscription: deadLetter.subscription,
  body: deadLetter.body.subarray(0, truncatedBodyBytes),
  ...(deadLetter.body.byteLength > truncatedBodyBytes ? { truncatedFrom: deadLetter.body.byteLength } : {}),
  reason: { code: 'operations.reduced', message: `The database rejected it as it was: ${why}` },
  attempts: 1,
  failedAt: deadLetter.failedAt,
});

const upsert = (store: Store<Tables>, deadLetter: DeadLetter): Promise<boolean> =>
  store.transaction(async ({ tx, now }) => {
    const { body: bytes, truncatedFrom = deadLetter.truncatedFrom } = deadLetterBody(deadLetter.body);
    const body = Buffer.from(bytes);
    const { identity, failure, type, key, position, failedAt, odd } = attributesOf(deadLetter, now);
    const group = groupOf({ subscription: identity.subscription, type, ...failure });
    const latest = {
      ...failure,
      ...group,
      type,
      key,
      position,
      odd_attributes: odd,
      truncated_from: truncatedFrom ?? null,
      failed_at: failedAt ?? now,
      opened_at: now,
      correlation_id: correlationIdIn(bytes) ?? null,
      status: 'open' as const,
    };
    await tx
      .insertInto('dead_letter')
      .values({ ...identity, ...latest, id: uuid(), body, times: 0, received_at: now })
      .onConflict((conflict) => conflict.columns(['subscription', 'message_id']).doNothing())
      .execute();
    const { id, failureCount, status, isOriginal } = await tx
      .selectFrom('dead_letter')
      .select(['id', 'times as failureCount', 'status', sql<boolean>`body = ${body}`.as('isOriginal')])
      .where('subscription', '=', identity.subscription)
      .where('message_id', '=', identity.message_id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    // Failures are told apart by their time. Without one, an open dead letter is taken for the failure that is known.
    if (failedAt === undefined && failureCount > 0 && status === 'open') return false;
    const newFailure = await tx
      .insertInto('dead_letter_step')
      .values({
        ...failure,
        id: uuid(),
        dead_letter_id: id,
        kind: 'failed',
        at: latest.failed_at,
        user_id: null,
        body: isOriginal ? null : body,
        group_id: group.group_id,
      })
      .onConflict((conflict) =>
        conflict.columns(['dead_letter_id', 'at']).where('kind', '=', sql.lit('failed')).doNothing(),
      )
      .returning('id')
      .executeTakeFirst();
    if (newFailure === undefined) return false;
    await tx
      .updateTable('dead_letter')
      .set({ ...latest, times: sql`times + 1`, resolved_at: null, claimed_until: null, claimed_by: null })
      .where('id', '=', id)
      .execute();
    return true;
  });
