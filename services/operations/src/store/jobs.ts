import type { Tx } from '@emporium/store';
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import { type Selection, selected } from './selection.ts';
import type { DeadLetterJobTable, JobState, Tables } from './tables.ts';

export type Job = Selectable<DeadLetterJobTable>;

/** Another instance takes over a job this long after its instance was heard of last. In seconds. */
const leaseSeconds = 10;

const unfinished = ['running', 'stopping'] as const satisfies readonly JobState[];

/** The number of dead letters of a selection, up to `limit`. */
export const countSelected = async (
  db: Kysely<Tables>,
  selection: Selection,
  limit: number,
): Promise<number> => {
  const rows = selected(db, selection).clearOrderBy().select('id').limit(limit);
  const { count } = await db
    .selectFrom(rows.as('selected'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
};

export const insertJob = async (tx: Tx<Tables>, job: Insertable<DeadLetterJobTable>): Promise<void> => {
  await tx.insertInto('dead_letter_job').values(job).execute();
};

export const findJob = async (db: Kysely<Tables>, id: string): Promise<Job | undefined> => {
  if (!isUuid(id)) return undefined; // a path may hold text that PostgreSQL rejects
  return db.selectFrom('dead_letter_job').selectAll().where('id', '=', id).executeTakeFirst();
};

/** Locks it until the end of the transaction. */
export const lockJob = async (tx: Tx<Tables>, id: string): Promise<Job | undefined> => {
  if (!isUuid(id)) return undefined;
  return tx.selectFrom('dead_letter_job').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
};

export interface JobPage {
  readonly state?: JobState | undefined;
  /** The id of the last job of the previous page. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first. */
export const listJobs = (db: Kysely<Tables>, { state, before, limit }: JobPage): Promise<Job[]> =>
  db
    .selectFrom('dead_letter_job')
    .selectAll()
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'running'))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** The number of jobs that are running or stopping. */
export const countUnfinished = async (db: Kysely<Tables>): Promise<number> => {
  const { count } = await db
    .selectFrom('dead_letter_job')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('state', 'in', unfinished)
    .executeTakeFirstOrThrow();
  return count;
};

export type JobChanges = Partial<
  Pick<
    Job,
    | 'state'
    | 'paused'
    | 'growing'
    | 'done'
    | 'position'
    | 'still_open'
    | 'problem'
    | 'rate'
    | 'stopped_by'
    | 'ended_at'
    | 'failures'
  >
>;

/** With `leasedBy`, only while that instance has the lease. */
export const updateJob = async (
  db: Kysely<Tables>,
  id: string,
  { failures, ...changes }: JobChanges,
  leasedBy?: string,
): Promise<void> => {
  await db
    .updateTable('dead_letter_job')
    .set({ ...changes, ...(failures === undefined ? {} : { failures: JSON.stringify(failures) }) })
    .where('id', '=', id)
    .$if(leasedBy !== undefined, (query) => query.where('leased_by', '=', leasedBy ?? ''))
    .execute();
};

/** Takes the unfinished jobs that no other instance runs, and keeps those that this one runs. Returns the ids of both. */
export const leaseJobs = async (db: Kysely<Tables>, instance: string): Promise<readonly string[]> => {
  const { rows } = await sql<{ id: string }>`
    update dead_letter_job set leased_by = ${instance}, leased_until = clock_timestamp() + ${`${leaseSeconds} s`}::interval
    where id in (
      select id from dead_letter_job where state in ('running', 'stopping')
        and (leased_by = ${instance} or leased_until is null or leased_until < clock_timestamp())
      order by id for update skip locked)
    returning id`.execute(db);
  return rows.map(({ id }) => id);
};

/** Another instance may go on at once. */
export const releaseJobs = async (db: Kysely<Tables>, instance: string): Promise<void> => {
  await db
    .updateTable('dead_letter_job')
    .set({ leased_by: null, leased_until: null })
    .where('leased_by', '=', instance)
    .where('state', 'in', unfinished)
    .execute();
};
