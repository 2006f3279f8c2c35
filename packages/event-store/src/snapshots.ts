import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { Decider } from './decider.ts';
import type { DomainEvent, EventFormat } from './event-format.ts';
import { readStream } from './event-store.ts';

export interface SnapshotOptions<Event extends DomainEvent> {
  /**
   * Changed with every change of the state's type, and when an upcaster changes what older events mean: an older snapshot is
   * not used, and is replaced.
   */
  readonly shape: number;
  /** A snapshot is written when this many events came after the last one. */
  readonly every?: number;
  readonly format?: EventFormat<Event>;
}

export interface Loaded<State> {
  readonly state: State;
  readonly version: number;
}

/**
 * The state of one stream from its snapshot and what came after it. A snapshot is a cache: it can be deleted at any time,
 * and a stream with few events has none.
 */
export const loadState = async <State, Event extends DomainEvent, DB>(
  tx: Tx<DB>,
  stream: string,
  { initial, evolve }: Pick<Decider<State, never, Event, never>, 'initial' | 'evolve'>,
  { shape, every = 50, ...options }: SnapshotOptions<Event>,
): Promise<Loaded<State>> => {
  const { rows } = await sql<{ version: number; state: State }>`
    select version, state from snapshot where stream = ${stream} and shape = ${shape}`.execute(tx);
  const from = rows[0] ?? { version: 0, state: initial };
  const { events, version } = await readStream<Event, DB>(tx, stream, { ...options, after: from.version });
  const state = events.reduce((before, { event }) => evolve(before, event), from.state);
  if (events.length >= every) {
    await sql`
      insert into snapshot (stream, version, shape, state)
      values (${stream}, ${version}, ${shape}, ${JSON.stringify(state)}::jsonb)
      on conflict (stream) do update set version = excluded.version, shape = excluded.shape, state = excluded.state
      where snapshot.version < excluded.version or snapshot.shape <> excluded.shape`.execute(tx);
  }
  return { state, version };
};
