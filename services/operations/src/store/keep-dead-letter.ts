import type { DeadLetter } from '@emporium/bus';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { storable } from '../storable.ts';
import type { Tables } from './tables.ts';

/**
 * Keeps a dead letter, whatever it holds. One that was replayed and died again is open again, with one more death; the same
 * death, delivered twice, changes nothing. Gives whether it was a new death.
 */
export const keepDeadLetter = (store: Store<Tables>, letter: DeadLetter): Promise<boolean> =>
  store.transaction(async ({ tx, now }) => {
    const body = Buffer.from(letter.body);
    const failure = {
      code: storable(letter.reason.code),
      reason: storable(letter.reason.message),
      attempts: letter.attempts,
    };
    const failedAt = timeOf(letter.failedAt) ?? now;
    const identity = {
      subscription: storable(letter.subscription),
      message_id: storable(letter.id),
    };
    const latest = {
      ...failure,
      type: storable(letter.type),
      key: storable(letter.key),
      failed_at: failedAt,
      status: 'open' as const,
    };
    await tx
      .insertInto('dead_letter')
      .values({ ...identity, ...latest, id: uuid(), body, times: 0, received_at: now })
      .onConflict((conflict) => conflict.columns(['subscription', 'message_id']).doNothing())
      .execute();
    const { id, isOriginal } = await tx
      .selectFrom('dead_letter')
      .select(['id', sql<boolean>`body = ${body}`.as('isOriginal')])
      .where('subscription', '=', identity.subscription)
      .where('message_id', '=', identity.message_id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const death = await tx
      .insertInto('dead_letter_step')
      .values({
        ...failure,
        id: uuid(),
        dead_letter_id: id,
        kind: 'failed',
        at: failedAt,
        user_id: null,
        body: isOriginal ? null : body,
      })
      .onConflict((conflict) =>
        conflict.columns(['dead_letter_id', 'at']).where('kind', '=', sql.lit('failed')).doNothing(),
      )
      .returning('id')
      .executeTakeFirst();
    if (death === undefined) return false;
    await tx
      .updateTable('dead_letter')
      .set({ ...latest, times: sql`times + 1`, resolved_at: null, claimed_until: null })
      .where('id', '=', id)
      .execute();
    return true;
  });

const timeOf = (text: string): Date | undefined => {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
};
