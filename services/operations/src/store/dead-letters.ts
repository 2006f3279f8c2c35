import { type Kysely, type Selectable, sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import {
  type DeadLetterStepTable,
  type DeadLetterTable,
  type Status,
  statuses,
  type Tables,
} from './tables.ts';

/** A dead letter without its body, which may be large. */
export type DeadLetterSummary = Omit<Selectable<DeadLetterTable>, 'body'> & { readonly size: number };

/** With the bytes that failed last: those of an edited replay that failed again, else those of the first failure. */
export type StoredDeadLetter = DeadLetterSummary & { readonly body: Buffer };

export type HistoryEntry = Selectable<DeadLetterStepTable>;

export interface DeadLetterFilter {
  readonly subscription?: string | undefined;
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  readonly group?: string | undefined;
  readonly status?: Status | undefined;
}

export interface Page {
  /** The id of the last dead letter of the previous page. */
  readonly before?: string | undefined;
  readonly limit: number;
}

export const columns = [
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
  'claimed_by',
  'group_id',
  'fingerprint',
  'replays',
  'replayed_at',
  'replayed_by',
  'correlation_id',
] as const;

export const latestBody = sql<Buffer>`coalesce(
  (select step.body from dead_letter_step as step
   where step.dead_letter_id = dead_letter.id and step.kind = 'failed' order by step.id desc limit 1),
  dead_letter.body)`;
export const size = sql<number>`octet_length(${latestBody})`.as('size');

export const matching = (db: Kysely<Tables>, { subscription, code, type, group, status }: DeadLetterFilter) =>
  db
    .selectFrom('dead_letter')
    .$if(subscription !== undefined, (query) => query.where('subscription', '=', subscription ?? ''))
    .$if(code !== undefined, (query) => query.where('code', '=', code ?? ''))
    .$if(type !== undefined, (query) => query.where('type', '=', type ?? ''))
    .$if(group !== undefined, (query) => query.where('group_id', '=', group ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'open'));

/** Newest first. */
export const listDeadLetters = async (
  db: Kysely<Tables>,
  filter: DeadLetterFilter,
  page: Page,
): Promise<DeadLetterSummary[]> => {
  const { subscription, code, type, group, status } = filter;
  const isOneRange = status !== undefined || (subscription ?? code ?? type ?? group) === undefined;
  if (isOneRange) return readPage(db, filter, page);
  // One index range per status: open dead letters are found without a scan of the discarded ones.
  const deadLetters: DeadLetterSummary[] = [];
  for (const each of statuses) deadLetters.push(...(await readPage(db, { ...filter, status: each }, page)));
  return deadLetters.sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, page.limit);
};

const readPage = (
  db: Kysely<Tables>,
  filter: DeadLetterFilter,
  { before, limit }: Page,
): Promise<DeadLetterSummary[]> =>
  matching(db, filter)
    .select([...columns, size])
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** Bounds the cost of a count. */
const maxCount = 250_000;

/** The number per status, whatever status the filter has; each is counted up to `maxCount`. */
export const countByStatus = async (
  db: Kysely<Tables>,
  filter: DeadLetterFilter,
): Promise<Record<Status, number>> => {
  const countOf = (status: Status) => count(db, { ...filter, status });
  return {
    open: await countOf('open'),
    replayed: await countOf('replayed'),
    discarded: await countOf('discarded'),
  };
};

/** The number per subscription and status; those without a dead letter are left out. Counted in an index alone. */
export const countDeadLetters = (
  db: Kysely<Tables>,
): Promise<{ subscription: string; status: Status; count: number }[]> =>
  db
    .selectFrom('dead_letter')
    .select(['subscription', 'status', ({ fn }) => fn.countAll<number>().as('count')])
    .groupBy(['subscription', 'status'])
    .execute();

/** The number of open dead letters, of those that last failed before `failedBefore` if it is given; up to `maxCount`. */
export const countOpen = (
  db: Kysely<Tables>,
  filter: DeadLetterFilter,
  failedBefore?: Date,
): Promise<number> => count(db, { ...filter, status: 'open' }, failedBefore);

const count = async (db: Kysely<Tables>, filter: DeadLetterFilter, failedBefore?: Date): Promise<number> => {
  const counted = matching(db, filter)
    .select('status')
    .$if(failedBefore !== undefined, (query) => query.where('failed_at', '<', failedBefore ?? new Date()))
    .limit(maxCount);
  const { count } = await db
    .selectFrom(counted.as('counted'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
};

export const findDeadLetter = async (
  db: Kysely<Tables>,
  id: string,
): Promise<StoredDeadLetter | undefined> => {
  if (!isUuid(id)) return undefined; // a path may hold text that PostgreSQL rejects
  return db
    .selectFrom('dead_letter')
    .select([...columns, size, latestBody.as('body')])
    .where('id', '=', id)
    .executeTakeFirst();
};

/** The bytes of the first failure. */
export const originalBody = async (db: Kysely<Tables>, id: string): Promise<Buffer> => {
  const query = db.selectFrom('dead_letter').select('body').where('id', '=', id);
  return (await query.executeTakeFirstOrThrow()).body;
};

/** Oldest first. */
export const historyOf = (db: Kysely<Tables>, id: string): Promise<HistoryEntry[]> =>
  db.selectFrom('dead_letter_step').selectAll().where('dead_letter_id', '=', id).orderBy('id').execute();
