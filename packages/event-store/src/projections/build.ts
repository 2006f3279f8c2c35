import { Fault, type Log } from '@emporium/bus';
import type { Store, Tx } from '@emporium/store';
import { sql } from 'kysely';
import { createApplyNext, type Progress } from './apply-next.ts';
import { advanceCheckpoint, buildSchema, type Checkpoint, lockCheckpoint } from './checkpoint.ts';
import type { Projection } from './definition.ts';
import { isBefore, type Position, readAfter } from './read-order.ts';
import { applyEvents } from './tables.ts';

/** A projection that is built beside the live one. Any number of processes may carry on the same build, at the same time too. */
export interface Build {
  /** Begins a build, or joins one of this version that has begun: with `anew` that one is discarded. */
  begin(options?: { readonly anew?: boolean }): Promise<Begun>;
  /** Applies the next events, or replaces the live tables when there are none left. */
  step(): Promise<BuildProgress>;
}

export type BuildProgress =
  | Progress
  | { readonly kind: 'live' }
  /** A newer version is live, or is built. */
  | { readonly kind: 'superseded' };

export type Begun = 'begun' | 'joined' | 'newer-version';

/** Events applied in one transaction: fewer round trips than for a live projection, and still little memory. */
const batchSize = 1_000;

/** How long the live tables may be waited for, and new readers wait behind, in one attempt to replace them. */
const lockTimeout = '100ms';
/** The pauses after attempts that waited in vain, in milliseconds: a long reader must not stop all others. */
const pauses = { firstMs: 1_000, maxMs: 30_000 };

/** Of the advisory lock under which builds begin; see packages/store for the others. */
const lockClass = 7_003;

export const createBuild = <DB>(store: Store<DB>, projection: Projection, log: Log): Build => {
  const applyNext = createApplyNext(store, projection, { target: 'build', batchSize, log });
  const facts = { projection: projection.name, version: projection.version };
  let pause = { until: 0, ms: 0 };

  /** Its tables are being read: waits longer each time. */
  const putOff = (): 'waiting' => {
    const ms = Math.min(pauses.maxMs, Math.max(pauses.firstMs, pause.ms * 2));
    pause = { until: performance.now() + ms, ms };
    return 'waiting';
  };

  return {
    begin: ({ anew = false } = {}) =>
      store.transaction(async ({ tx }) => {
        await sql`select pg_advisory_xact_lock(${lockClass}, 0)`.execute(tx);
        const known = await lockCheckpoint(tx, projection, 'build', { skips: false });
        if (known !== undefined && known.version > projection.version) return 'newer-version';
        if (known?.version === projection.version && !anew) return 'joined';
        await createTables(tx, projection);
        await sql`
          insert into projection_build (name, version, transaction, position)
          values (${projection.name}, ${projection.version}, '0', 0)
          on conflict (name) do update set version = excluded.version, transaction = '0', position = 0,
            events = 0, failure = null, started_at = excluded.started_at`.execute(tx);
        log.info(facts, 'builds the projection beside the live one');
        return 'begun';
      }),
    step: async () => {
      const progress = await applyNext();
      if (progress.kind === 'stopped' || (progress.kind === 'applied' && progress.mayHaveMore))
        return progress;
      if (performance.now() < pause.until) return { kind: 'waiting' };
      const outcome = await replaceLive(store, projection).catch((error: unknown) => {
        if (error instanceof Fault && error.code === 'store.conflict') return putOff();
        throw error;
      });
      if (outcome === 'replaced') log.info(facts, 'the projection was built, and is live now');
      return { kind: outcome === 'replaced' ? 'live' : outcome };
    },
  };
};

/**
 * Puts the built tables in the place of the live ones, in one transaction, once they have caught up: what a reader has seen does not
 * disappear, and what was applied is not applied again.
 */
const replaceLive = <DB>(
  store: Store<DB>,
  projection: Projection,
): Promise<'replaced' | 'live' | 'superseded' | 'waiting'> =>
  store.transaction(async ({ tx }) => {
    await sql`select set_config('lock_timeout', ${lockTimeout}, true)`.execute(tx);
    const build = await lockCheckpoint(tx, projection, 'build', { skips: false });
    const live = await lockCheckpoint(tx, projection, 'live', { skips: false });
    if (live === undefined) return 'waiting';
    if (live.version > projection.version) {
      if (build?.version === projection.version) await abandon(tx, projection);
      return 'superseded';
    }
    // Another process has finished it, or has begun to build a newer version.
    if (build === undefined) return 'live';
    if (build.version !== projection.version) return 'superseded';
    const end = await applyUpTo(tx, projection, { build, live });
    if (end === undefined) return 'waiting';
    for (const table of projection.tables) {
      await sql`drop table if exists ${sql.id(live.schema, table)}`.execute(tx);
      await sql`alter table ${sql.id(buildSchema, table)} set schema ${sql.id(live.schema)}`.execute(tx);
    }
    await sql`
      update projection set version = ${projection.version}, built_at = clock_timestamp()
      where name = ${projection.name}`.execute(tx);
    await advanceCheckpoint(tx, projection, 'live', { ...end, events: 0 });
    await sql`delete from projection_build where name = ${projection.name}`.execute(tx);
    return 'replaced';
  });

/** The position that the build has reached; undefined when it is more than a batch behind the live projection. */
const applyUpTo = async <DB>(
  tx: Tx<DB>,
  projection: Projection,
  { build, live }: { readonly build: Checkpoint; readonly live: Checkpoint },
): Promise<Position | undefined> => {
  if (!isBefore(build, live)) return build;
  const read = await readAfter(tx, build, batchSize);
  const reached = read.at(-1);
  if (reached === undefined || isBefore(reached, live)) return undefined;
  await applyEvents(tx, projection, buildSchema, read.map(projection.read));
  return reached;
};

const abandon = async <DB>(tx: Tx<DB>, projection: Projection): Promise<void> => {
  await dropTables(tx, projection);
  await sql`delete from projection_build where name = ${projection.name}`.execute(tx);
};

const dropTables = async <DB>(tx: Tx<DB>, { tables }: Projection): Promise<void> => {
  for (const table of tables) await sql`drop table if exists ${sql.id(buildSchema, table)}`.execute(tx);
};

/** Empty copies of the live tables, with the names of their constraints and indexes. */
const createTables = async <DB>(tx: Tx<DB>, projection: Projection): Promise<void> => {
  await sql`create schema if not exists ${sql.id(buildSchema)}`.execute(tx);
  await dropTables(tx, projection);
  for (const table of projection.tables) {
    const copy = sql.id(buildSchema, table);
    await sql`create table ${copy} (like ${sql.id(table)} including all excluding indexes)`.execute(tx);
    const { rows } = await sql<{ name: string; constraint: string | null; index: string }>`
      select conname as name, pg_get_constraintdef(pg_constraint.oid) as constraint,
        pg_get_indexdef(indexrelid) as index
      from pg_index left join pg_constraint on conindid = indexrelid and conrelid = indrelid
      where indrelid = to_regclass(${table})`.execute(tx);
    for (const { name, constraint, index } of rows) {
      if (constraint === null) {
        const [definition = '', method = ''] = index.split(/ ON (?:ONLY )?.+? (?=USING )/s, 2);
        await sql`${sql.raw(definition)} on ${copy} ${sql.raw(method)}`.execute(tx);
      } else {
        await sql`alter table ${copy} add constraint ${sql.id(name)} ${sql.raw(constraint)}`.execute(tx);
      }
    }
  }
};
