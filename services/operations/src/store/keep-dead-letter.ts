import { type DeadLetter, deadLetterBody, messageOf, settlementOf, truncatedBodyBytes } from '@emporium/bus';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { attributesOf } from '../attributes.ts';
import { storable, textOf } from '../storable.ts';
import type { Tables } from './tables.ts';

/**
 * Keeps a dead letter, whatever it holds. One that was replayed and died again is open again, with one more death; the same
 * death, delivered twice, changes nothing. One that the database does not take is kept in a reduced form, so that none comes
 * again for ever. Gives whether it was a new death; rejects only for what a later attempt can mend, as a database that is away.
 */
export const keepDeadLetter = async (store: Store<Tables>, letter: DeadLetter): Promise<boolean> => {
  try {
    return await keep(store, letter);
  } catch (error) {
    if (settlementOf(error) !== 'dead-letter') throw error;
    return keep(store, reduced(letter, messageOf(error)));
  }
};

/** What of a letter can be kept in any case: whose it is, that it is there, and the beginning of its bytes. */
const reduced = (letter: DeadLetter, why: string): DeadLetter => ({
  id: storable(`reduced:\0${textOf(letter.id)}`), // unlike the letter that may have this id
  type: 'unknown',
  key: '',
  subscription: letter.subscription,
  body: letter.body.subarray(0, truncatedBodyBytes),
  ...(letter.body.byteLength > truncatedBodyBytes ? { truncatedFrom: letter.body.byteLength } : {}),
  reason: { code: 'operations.reduced', message: `The database did not take it as it was: ${why}` },
  attempts: 1,
  failedAt: letter.failedAt,
});

const keep = (store: Store<Tables>, letter: DeadLetter): Promise<boolean> =>
  store.transaction(async ({ tx, now }) => {
    const { body: bytes, truncatedFrom = letter.truncatedFrom } = deadLetterBody(letter.body);
    const body = Buffer.from(bytes);
    const { identity, failure, type, key, position, failedAt, odd } = attributesOf(letter, now);
    const latest = {
      ...failure,
      type,
      key,
      position,
      odd_attributes: odd,
      truncated_from: truncatedFrom ?? null,
      failed_at: failedAt ?? now,
      opened_at: now,
      status: 'open' as const,
    };
    await tx
      .insertInto('dead_letter')
      .values({ ...identity, ...latest, id: uuid(), body, times: 0, received_at: now })
      .onConflict((conflict) => conflict.columns(['subscription', 'message_id']).doNothing())
      .execute();
    const { id, times, status, isOriginal } = await tx
      .selectFrom('dead_letter')
      .select(['id', 'times', 'status', sql<boolean>`body = ${body}`.as('isOriginal')])
      .where('subscription', '=', identity.subscription)
      .where('message_id', '=', identity.message_id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    // A time that could not be read tells no death from another: while the letter is open it is the one that is known.
    if (failedAt === undefined && times > 0 && status === 'open') return false;
    const death = await tx
      .insertInto('dead_letter_step')
      .values({
        ...failure,
        id: uuid(),
        dead_letter_id: id,
        kind: 'failed',
        at: latest.failed_at,
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
