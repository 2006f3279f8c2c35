import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { ProjectionFailure } from './checkpoint.ts';
import type { Projection } from './definition.ts';
import { type Lag, lagAfter } from './read-order.ts';

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

interface Row {
  readonly version: number;
  readonly transaction: string;
  readonly position: number;
  readonly failure: ProjectionFailure | null;
}

/** The state of a projection; `maxLag` bounds the events that are counted. */
export const statusOf = async <DB>(
  db: Kysely<DB>,
  { name }: Pick<Projection, 'name'>,
  maxLag: number,
): Promise<ProjectionStatus> => {
  const [live, build] = await Promise.all([
    sql<Row & { built_at: Date | null }>`
      select version, transaction::text as transaction, position, failure, built_at
      from projection where name = ${name}`.execute(db),
    sql<Row & { events: number; started_at: Date }>`
      select version, transaction::text as transaction, position, failure, events, started_at
      from projection_build where name = ${name}`.execute(db),
  ]);
  const [found, building] = [live.rows[0], build.rows[0]];
  return {
    name,
    version: found?.version,
    lag: await lagAfter(db, found ?? { transaction: '0', position: 0 }, maxLag),
    failure: found?.failure ?? undefined,
    builtAt: found?.built_at ?? undefined,
    build:
      building === undefined
        ? undefined
        : {
            version: building.version,
            startedAt: building.started_at,
            events: building.events,
            lag: await lagAfter(db, building, maxLag),
            failure: building.failure ?? undefined,
          },
  };
};

/** One sentence about an event that could not be applied. */
export const failureText = ({ stream, version, id, type, reason, since }: ProjectionFailure): string =>
  `stopped since ${since} at event ${version} of ${stream} (${type}, ${id}): ${reason}`;
