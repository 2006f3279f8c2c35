import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import { isFinal, type Phase, type SagaState, type SagaStatus } from './state.ts';

/** The request that started a saga; its deadlines are handled in the same context. */
export interface Origin {
  readonly correlationId: string;
  readonly traceparent: string;
}

export interface LoadedSaga<Subject> {
  readonly state: SagaState<Subject>;
  readonly origin: Origin;
}

interface Row<Subject> {
  readonly id: string;
  readonly state: SagaState<Subject>;
  readonly correlation_id: string;
  readonly traceparent: string;
}

/** Locks sagas in id order until the transaction ends. */
export const lockSagas = async <Subject, DB>(
  tx: Tx<DB>,
  name: string,
  ids: readonly string[],
): Promise<Map<string, LoadedSaga<Subject>>> => {
  const { rows } = await sql<Row<Subject>>`
    select id, state, correlation_id, traceparent from saga
    where name = ${name} and id = any(${[...new Set(ids)]}::text[]) order by id for update`.execute(tx);
  return new Map(rows.map((row) => [row.id, loaded(row)]));
};

/**
 * Finds sagas whose deadline has passed, the earliest first, without those in `except`. They are not locked: check the deadline
 * again under the lock.
 */
export const findOverdue = async <Subject, DB>(
  db: Kysely<DB>,
  name: string,
  now: Date,
  except: readonly string[],
  limit: number,
): Promise<LoadedSaga<Subject>[]> => {
  const { rows } = await sql<Row<Subject>>`
    select id, state, correlation_id, traceparent from saga
    where name = ${name} and deadline <= ${now} and id <> all(${[...except]}::text[])
    order by deadline limit ${limit}`.execute(db);
  return rows.map(loaded);
};

/**
 * The number of open sagas in each status, counted up to `max` of those that are parked and of the others. Both are found by an index
 * without those that have ended.
 */
export const countOpenByStatus = async <DB>(
  db: Kysely<DB>,
  name: string,
  max: number,
): Promise<ReadonlyMap<SagaStatus, number>> => {
  const { rows } = await sql<{ parked: boolean; phase: Phase; sagas: number }>`
    select parked, phase, count(*) as sagas from (
      (select parked, phase from saga where name = ${name} and not final and parked limit ${max})
      union all
      (select parked, phase from saga where name = ${name} and not final and not parked limit ${max})
    ) as open group by parked, phase`.execute(db);
  const counts = new Map<SagaStatus, number>();
  for (const { parked, phase, sagas } of rows) {
    const status = openStatusOf(parked, phase);
    counts.set(status, (counts.get(status) ?? 0) + sagas);
  }
  return counts;
};

/** As `statusOf` says it of a saga that has not ended. */
const openStatusOf = (parked: boolean, phase: Phase): SagaStatus => {
  if (parked) return 'parked';
  if (phase === 'stopping') return 'cancelling';
  return phase === 'cancelled' ? 'compensating' : phase;
};

export interface ParkedPage {
  readonly limit: number;
  /** The last id of the previous page. */
  readonly before?: string | undefined;
}

export const findParked = async <Subject, DB>(
  db: Kysely<DB>,
  name: string,
  { limit, before }: ParkedPage,
): Promise<SagaState<Subject>[]> => {
  const { rows } = await sql<{ state: SagaState<Subject> }>`
    select state from saga
    where name = ${name} and not final and parked and (${before ?? null}::text is null or id < ${before ?? null})
    order by id desc limit ${limit}`.execute(db);
  return rows.map(({ state }) => state);
};

/** Inserts new sagas with one statement. */
export const insertSagas = async <Subject, DB>(
  tx: Tx<DB>,
  name: string,
  sagas: readonly LoadedSaga<Subject>[],
  now: Date,
): Promise<void> => {
  if (sagas.length === 0) return;
  await sql`
    insert into saga (name, id, state, phase, deadline, correlation_id, traceparent, started_at, changed_at)
    select ${name}, *, ${now}::timestamptz, ${now}::timestamptz from unnest(
      ${sagas.map(({ state }) => state.id)}::text[],
      ${sagas.map(({ state }) => JSON.stringify(state))}::jsonb[],
      ${sagas.map(({ state }) => state.phase)}::text[],
      ${sagas.map(({ state }) => state.deadline ?? null)}::timestamptz[],
      ${sagas.map(({ origin }) => origin.correlationId)}::text[],
      ${sagas.map(({ origin }) => origin.traceparent)}::text[]
    )`.execute(tx);
};

/** Writes the new states of locked sagas with one statement. */
export const updateSagas = async <Subject, DB>(
  tx: Tx<DB>,
  name: string,
  states: readonly SagaState<Subject>[],
  now: Date,
): Promise<void> => {
  if (states.length === 0) return;
  const ids = states.map(({ id }) => id);
  await sql`
    update saga set state = changed.state, phase = changed.phase, parked = changed.parked, final = changed.final,
      deadline = changed.deadline, changed_at = ${now}
    from unnest(
      ${ids}::text[],
      ${states.map((state) => JSON.stringify(state))}::jsonb[],
      ${states.map(({ phase }) => phase)}::text[],
      ${states.map(({ parked }) => parked !== undefined)}::boolean[],
      ${states.map(isFinal)}::boolean[],
      ${states.map(({ deadline }) => deadline ?? null)}::timestamptz[]
    ) as changed (id, state, phase, parked, final, deadline)
    where saga.name = ${name} and saga.id = any(${ids}::text[]) and saga.id = changed.id`.execute(tx);
};

const loaded = <Subject>({ state, correlation_id, traceparent }: Row<Subject>): LoadedSaga<Subject> => ({
  state,
  origin: { correlationId: correlation_id, traceparent },
});
