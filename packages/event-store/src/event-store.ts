import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { eventStoreErrors } from './errors.ts';

/** What an aggregate records: a `type` in the past tense, and plain JSON. */
export interface DomainEvent {
  readonly type: string;
}

/** An event with its place in its stream. */
export interface StoredEvent<Event extends DomainEvent> {
  /** UUIDv7; a public event that follows from it carries the same. */
  readonly id: string;
  readonly stream: string;
  /** 1 for the first of its stream, without gaps. */
  readonly version: number;
  readonly at: Date;
  readonly event: Event;
}

export interface Stream<Event extends DomainEvent> {
  readonly id: string;
  /** Of the last event; 0 for a stream that does not exist. */
  readonly version: number;
  readonly events: readonly StoredEvent<Event>[];
}

export interface Append<Event extends DomainEvent> {
  readonly stream: string;
  /** The version the decision was made on; 0 starts the stream. */
  readonly expectedVersion: number;
  readonly events: readonly Event[];
}

export interface ReadOptions {
  /** Lock the streams, in id order, until the transaction ends; for reads in a transaction. */
  readonly lock?: boolean;
  /** Only events after this version. */
  readonly after?: number;
}

interface Row {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly at: Date;
  readonly data: DomainEvent;
}

/** The events of several streams, as one statement, two with a lock; a stream that does not exist is empty. */
export const readStreams = async <Event extends DomainEvent, DB>(
  db: Kysely<DB>,
  streams: readonly string[],
  { lock = false, after = 0 }: ReadOptions = {},
): Promise<ReadonlyMap<string, Stream<Event>>> => {
  const ids = [...new Set(streams)];
  if (lock) {
    await sql`select stream from event_stream where stream = any(${ids}::text[]) order by stream for update`.execute(
      db,
    );
  }
  const { rows } = await sql<Row>`
    select id, stream, version, at, data from event
    where stream = any(${ids}::text[]) and version > ${after}
    order by stream, version`.execute(db);
  const byStream = Map.groupBy(rows, ({ stream }) => stream);
  return new Map(
    ids.map((id) => {
      const events = (byStream.get(id) ?? []).map((row) => stored<Event>(row));
      return [id, { id, version: events.at(-1)?.version ?? after, events }];
    }),
  );
};

/** The events of one stream. */
export const readStream = async <Event extends DomainEvent, DB>(
  db: Kysely<DB>,
  stream: string,
  options: ReadOptions = {},
): Promise<Stream<Event>> => {
  const found = await readStreams<Event, DB>(db, [stream], options);
  return found.get(stream) ?? { id: stream, version: 0, events: [] };
};

/**
 * Appends to several streams, as two statements. Throws `event-store.version_conflict`, which is worth a retry, when one of
 * them is not at its expected version. Returns the stored events in the order of the appends.
 */
export const appendEvents = async <Event extends DomainEvent, DB>(
  tx: Tx<DB>,
  appends: readonly Append<Event>[],
  at: Date,
): Promise<StoredEvent<Event>[]> => {
  const wanted = appends
    .filter(({ events }) => events.length > 0)
    .toSorted((one, other) => (one.stream < other.stream ? -1 : 1)); // locked in a fixed order
  if (wanted.length === 0) return [];
  await advance(tx, wanted);
  const events = appends.flatMap(({ stream, expectedVersion, events }) =>
    events.map((event, index) => ({ id: uuid(), stream, version: expectedVersion + index + 1, at, event })),
  );
  // A younger transaction may have appended while this one waited for the stream: projections must still read its events first.
  await sql`
    insert into event (stream, version, id, type, data, at, transaction)
    select stream, version, id, type, data, ${at}::timestamptz,
      greatest(pg_current_xact_id(), (
        select last.transaction from event as last
        where last.stream = appended.stream and last.version = appended.version - appended.place
      ))
    from unnest(
      ${events.map(({ stream }) => stream)}::text[],
      ${events.map(({ version }) => version)}::integer[],
      ${events.map(({ id }) => id)}::text[],
      ${events.map(({ event }) => event.type)}::text[],
      ${events.map(({ event }) => JSON.stringify(event))}::jsonb[],
      ${appends.flatMap(({ events: { length } }) => Array.from({ length }, (_, index) => index + 1))}::integer[]
    ) as appended (stream, version, id, type, data, place)`.execute(tx);
  return events;
};

/** Moves each stream from its expected version to the next, which holds its lock until the transaction ends. */
const advance = async <Event extends DomainEvent, DB>(
  tx: Tx<DB>,
  appends: readonly Append<Event>[],
): Promise<void> => {
  const { rows } = await sql<{ stream: string }>`
    insert into event_stream as known (stream, version)
    select stream, expected + added from unnest(
      ${appends.map(({ stream }) => stream)}::text[],
      ${appends.map(({ expectedVersion }) => expectedVersion)}::integer[],
      ${appends.map(({ events }) => events.length)}::integer[]
    ) as append (stream, expected, added)
    where expected = 0 or exists (select from event_stream as begun where begun.stream = append.stream)
    on conflict (stream) do update set version = excluded.version
      where known.version = (
        select expected from unnest(
          ${appends.map(({ stream }) => stream)}::text[],
          ${appends.map(({ expectedVersion }) => expectedVersion)}::integer[]
        ) as wanted (stream, expected) where wanted.stream = excluded.stream)
    returning stream`.execute(tx);
  if (rows.length === appends.length) return;
  const moved = new Set(rows.map(({ stream }) => stream));
  const stream = appends.find((append) => !moved.has(append.stream))?.stream;
  throw eventStoreErrors.version_conflict({ stream });
};

const stored = <Event extends DomainEvent>({ id, stream, version, at, data }: Row): StoredEvent<Event> => ({
  id,
  stream,
  version,
  at,
  event: data as Event, // written by appendEvents alone, with the same type
});
