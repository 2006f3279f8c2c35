import type { Tx } from '@emporium/store';
import { type Kysely, type Selectable, sql } from 'kysely';
import { validate as isUuid, v7 as uuid } from 'uuid';
import type { DeadLetterStepTable, DeadLetterTable, Status, Tables } from './tables.ts';

/** Without its bytes, which may be many. */
export type LetterSummary = Omit<Selectable<DeadLetterTable>, 'body'> & { readonly size: number };
export type LetterStep = Selectable<DeadLetterStepTable>;

/** With the bytes that failed last: those of an edited replay that died again, else the first ones. */
export type Letter = LetterSummary & { readonly body: Buffer };

export interface LetterFilter {
  readonly subscription?: string | undefined;
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: Status | undefined;
}

const statuses: readonly Status[] = ['open', 'replayed', 'discarded'];

export interface Page {
  /** The id of the last one of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

const columns = [
  'id',
  'subscription',
  'message_id',
  'type',
  'key',
  'code',
  'reason',
  'attempts',
  'failed_at',
  'times',
  'status',
  'received_at',
  'resolved_at',
  'claimed_until',
  'opened_at',
  'position',
  'truncated_from',
  'odd_attributes',
] as const;

const latestBody = sql<Buffer>`coalesce(
  (select step.body from dead_letter_step as step
   where step.dead_letter_id = dead_letter.id and step.kind = 'failed' order by step.id desc limit 1),
  dead_letter.body)`;
const size = sql<number>`octet_length(${latestBody})`.as('size');

export const matching = (db: Kysely<Tables>, { subscription, code, type, status }: LetterFilter) =>
  db
    .selectFrom('dead_letter')
    .$if(subscription !== undefined, (query) => query.where('subscription', '=', subscription ?? ''))
    .$if(code !== undefined, (query) => query.where('code', '=', code ?? ''))
    .$if(type !== undefined, (query) => query.where('type', '=', type ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'open'));

/** The newest first. */
export const listLetters = async (
  db: Kysely<Tables>,
  filter: LetterFilter,
  page: Page,
): Promise<LetterSummary[]> => {
  const { subscription, code, type, status } = filter;
  const isWide = status !== undefined || (subscription ?? code ?? type) === undefined;
  if (isWide) return pageOfLetters(db, filter, page);
  // Each status is one range of an index: a filter of few open ones does not look through many that were discarded.
  const pages = statuses.map((each) => pageOfLetters(db, { ...filter, status: each }, page));
  const letters = (await Promise.all(pages)).flat();
  return letters.sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, page.limit);
};

const pageOfLetters = (
  db: Kysely<Tables>,
  filter: LetterFilter,
  { before, limit }: Page,
): Promise<LetterSummary[]> =>
  matching(db, filter)
    .select([...columns, size])
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** Counting stops here: more than so many are more than anybody looks at one by one. */
const countedUpTo = 250_000;

/** By status, whichever status the filter asks for; each up to `countedUpTo`. */
export const countLetters = async (
  db: Kysely<Tables>,
  filter: LetterFilter,
): Promise<Record<Status, number>> => {
  const [open = 0, replayed = 0, discarded = 0] = await Promise.all(
    statuses.map(async (status) => {
      const letters = matching(db, { ...filter, status })
        .select('status')
        .limit(countedUpTo);
      const { count } = await db
        .selectFrom(letters.as('letters'))
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    }),
  );
  return { open, replayed, discarded };
};

/** Open ones whose last death was before that, where it is given; up to `countedUpTo`. */
export const countOpen = async (
  db: Kysely<Tables>,
  filter: LetterFilter,
  failedBefore?: Date,
): Promise<number> => {
  const letters = matching(db, { ...filter, status: 'open' })
    .select('status')
    .$if(failedBefore !== undefined, (query) => query.where('failed_at', '<', failedBefore ?? new Date()))
    .limit(countedUpTo);
  const { count } = await db
    .selectFrom(letters.as('letters'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
};

/** Open ones, in the order in which they died. */
export const openLetters = async (
  db: Kysely<Tables>,
  filter: LetterFilter,
  limit: number,
): Promise<string[]> => {
  const rows = await matching(db, { ...filter, status: 'open' })
    .select('id')
    .orderBy('failed_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
};

export const findLetter = async (db: Kysely<Tables>, id: string): Promise<Letter | undefined> => {
  if (!isUuid(id)) return undefined; // whatever else an address holds is none
  return db
    .selectFrom('dead_letter')
    .select([...columns, size, latestBody.as('body')])
    .where('id', '=', id)
    .executeTakeFirst();
};

export const originalBody = async (db: Kysely<Tables>, id: string): Promise<Buffer> => {
  const query = db.selectFrom('dead_letter').select('body').where('id', '=', id);
  return (await query.executeTakeFirstOrThrow()).body;
};

/** What happened to it, the oldest first. */
export const stepsOf = (db: Kysely<Tables>, id: string): Promise<LetterStep[]> =>
  db.selectFrom('dead_letter_step').selectAll().where('dead_letter_id', '=', id).orderBy('id').execute();

/** While a letter is being replayed nobody else does anything to it; the claim of a process that crashed runs out. */
const claimMs = 60_000;

export const free = (now: Date) =>
  sql<boolean>`status = 'open' and (claimed_until is null or claimed_until <= ${now})`;

/** Takes an open letter for a replay. Gives whether it was free, and has not died again since it was read. */
export const claimLetter = async (
  tx: Tx<Tables>,
  { id, times }: Pick<Letter, 'id' | 'times'>,
  now: Date,
): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable('dead_letter')
    .set({ claimed_until: new Date(now.getTime() + claimMs) })
    .where('id', '=', id)
    .where('times', '=', times)
    .where(free(now))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
};

export const releaseLetter = async (tx: Tx<Tables>, id: string): Promise<void> => {
  await tx.updateTable('dead_letter').set({ claimed_until: null }).where('id', '=', id).execute();
};

export interface Replayed {
  readonly letter: Letter;
  readonly userId: string;
  /** The bytes that were sent, where they were edited. */
  readonly edited: Uint8Array | undefined;
}

/** Records a replay that the broker took. A letter that has died again meanwhile stays open. */
export const markReplayed = async (tx: Tx<Tables>, { letter, userId, edited }: Replayed, now: Date) => {
  await tx
    .updateTable('dead_letter')
    .set({ status: 'replayed', resolved_at: now, claimed_until: null })
    .where('id', '=', letter.id)
    .where('times', '=', letter.times)
    .execute();
  const body = edited === undefined ? null : Buffer.from(edited);
  await addStep(tx, { dead_letter_id: letter.id, kind: 'replayed', at: now, user_id: userId, body });
};

/** Gives whether it was open, and nobody was replaying it. */
export const markDiscarded = async (
  tx: Tx<Tables>,
  { id, userId, reason }: { id: string; userId: string; reason: string },
  now: Date,
): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable('dead_letter')
    .set({ status: 'discarded', resolved_at: now })
    .where('id', '=', id)
    .where(free(now))
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  await addStep(tx, { dead_letter_id: id, kind: 'discarded', at: now, user_id: userId, reason });
  return true;
};

const addStep = async (
  tx: Tx<Tables>,
  step: Pick<LetterStep, 'dead_letter_id' | 'kind' | 'at' | 'user_id'> &
    Partial<Pick<LetterStep, 'reason' | 'body'>>,
): Promise<void> => {
  await tx
    .insertInto('dead_letter_step')
    .values({ ...step, id: uuid() })
    .execute();
};
