import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { ProjectionFailure, Target } from './checkpoint.ts';
import type { Projection } from './definition.ts';
import { beginning, type Lag, lagAfter, type Position } from './read-order.ts';

export interface ProjectionStatus {
  readonly name: string;
  /** Of the live tables; undefined before the projection was started for the first time. */
  readonly version: number | undefined;
  /** Of the live tables. */
  readonly lag: Lag;
  readonly failure: ProjectionFailure | undefined;
  /** When its tables were last replaced by ones that were built beside them. */
  readonly builtAt: Date | undefined;
  readonly build: BuildStatus | undefined;
}

export interface BuildStatus {
  readonly version: number;
  readonly startedAt: Date;
  /** Events that it has applied. */
  readonly events: number;
  readonly lag: Lag;
  readonly failure: ProjectionFailure | undefined;
}

interface Row extends Position {
  readonly target: Target;
  readonly version: number;
  readonly failure: ProjectionFailure | null;
  /** Of a build: when it began. Of live tables: when their build was finished. */
  readonly since: Date | null;
  readonly events: number;
}

/** The state of a projection; `maxLag` bounds the events that are counted. */
export const statusOf = async <DB>(
  db: Kysely<DB>,
  { name }: Pick<Projection, 'name'>,
  maxLag: number,
): Promise<ProjectionStatus> => {
  const { rows } = await sql<Row>`
    select 'live' as target, version, transaction::text as transaction, position, failure, built_at as since,
      0 as events
    from projection where name = ${name}
    union all
    select 'build', version, transaction::text, position, failure, started_at, events
    from projection_build where name = ${name}`.execute(db);
  const live = rows.find(({ target }) => target === 'live');
  const build = rows.find(({ target }) => target === 'build');
  return {
    name,
    version: live?.version,
    lag: await lagAfter(db, live ?? beginning, maxLag),
    failure: live?.failure ?? undefined,
    builtAt: live?.since ?? undefined,
    build: build === undefined ? undefined : await buildStatus(db, build, maxLag),
  };
};

const buildStatus = async <DB>(db: Kysely<DB>, build: Row, maxLag: number): Promise<BuildStatus> => ({
  version: build.version,
  startedAt: build.since ?? new Date(0), // not null in projection_build
  events: build.events,
  lag: await lagAfter(db, build, maxLag),
  failure: build.failure ?? undefined,
});

/** One sentence about an event that could not be applied. */
export const failureText = ({ stream, version, id, type, reason, since }: ProjectionFailure): string =>
  `stopped since ${since} at event ${version} of ${stream} (${type}, ${id}): ${reason}`;
