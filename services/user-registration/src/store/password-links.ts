import type { Tx } from '@emporium/store';
import type { Kysely, Selectable } from 'kysely';
import type { PasswordLinkTable, Tables } from './tables.ts';

export type PasswordLink = Selectable<PasswordLinkTable>;

/** The link of this token, if it was neither used nor replaced, and has not expired. */
export const findLiveLink = (
  db: Kysely<Tables>,
  tokenHash: string,
  now: Date,
): Promise<PasswordLink | undefined> =>
  db
    .selectFrom('password_link')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();

export const countLinksSince = async (tx: Tx<Tables>, userId: string, since: Date): Promise<number> => {
  const { links } = await tx
    .selectFrom('password_link')
    .select(({ fn }) => fn.countAll<string>().as('links'))
    .where('user_id', '=', userId)
    .where('created_at', '>', since)
    .executeTakeFirstOrThrow();
  return Number(links);
};

/** Call it with the account locked. */
export const replaceLinks = async (tx: Tx<Tables>, link: Omit<PasswordLink, 'ended_at'>): Promise<void> => {
  await endLinks(tx, link.user_id, link.created_at);
  await tx
    .insertInto('password_link')
    .values({ ...link, ended_at: null })
    .execute();
};

/** None of the account's links can be used any more. */
export const endLinks = async (tx: Tx<Tables>, userId: string, now: Date): Promise<void> => {
  await tx
    .updateTable('password_link')
    .set({ ended_at: now })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .execute();
};
