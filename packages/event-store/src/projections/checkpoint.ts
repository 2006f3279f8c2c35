import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Projection } from './definition.ts';
import type { Position } from './read-order.ts';

/** Why a projection stopped: the event that it could not apply. */
export interface ProjectionFailure {
  /** Of the event. */
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly reason: string;
  /** When it was met first: RFC 3339. */
  readonly since: string;
}

/** The live tables of a projection, or those that are built beside them. */
export type Target = 'live' | 'build';

export interface Checkpoint extends Position {
  /** Of the projection that fills these tables. */
  readonly version: number;
  readonly failure: ProjectionFailure | null;
  /** Of the tables. */
  readonly schema: string;
}

/** The tables of a build have the names of the live ones, in a schema of their own. */
export const buildSchema = 'projection_build';

const checkpointTable = { live: 'projection', build: 'projection_build' } as const;

/** Waits for the lock, or `skips` and resolves to undefined while another process has it, as it does when there is no checkpoint. */
export const lockCheckpoint = async <DB>(
  tx: Tx<DB>,
  { name }: Pick<Projection, 'name'>,
  target: Target,
  { skips }: { readonly skips: boolean },
): Promise<Checkpoint | undefined> => {
  const { rows } = await sql<Checkpoint>`
    select version, transaction::text as transaction, position, failure,
      ${target === 'live' ? sql`current_schema()` : sql.lit(buildSchema)}::text as schema
    from ${sql.table(checkpointTable[target])}
    where name = ${name} for update ${sql.raw(skips ? 'skip locked' : '')}`.execute(tx);
  return rows[0];
};

/** Records that everything up to this position was applied. */
export const advanceCheckpoint = async <DB>(
  tx: Tx<DB>,
  { name }: Pick<Projection, 'name'>,
  target: Target,
  { transaction, position, events }: Position & { readonly events: number },
): Promise<void> => {
  await sql`
    update ${sql.table(checkpointTable[target])}
    set transaction = ${transaction}::xid8, position = ${position}, failure = null
      ${target === 'build' ? sql`, events = events + ${events}` : sql``}
    where name = ${name}`.execute(tx);
};

/** Records the event at which the projection stops, unless another process has passed it meanwhile. */
export const recordFailure = async <DB>(
  db: Kysely<DB>,
  { name, version }: Pick<Projection, 'name' | 'version'>,
  target: Target,
  { at, failure }: { readonly at: Position; readonly failure: ProjectionFailure },
): Promise<void> => {
  await sql`
    update ${sql.table(checkpointTable[target])} set failure = ${JSON.stringify(failure)}::jsonb
    where name = ${name} and version = ${version}
      and transaction = ${at.transaction}::xid8 and position = ${at.position}
      and (failure ->> 'id', failure ->> 'reason') is distinct from (${failure.id}, ${failure.reason})`.execute(
    db,
  );
};
