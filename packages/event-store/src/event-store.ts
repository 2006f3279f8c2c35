import type { Cause } from '@emporium/bus';
import type { Tx } from '@emporium/store';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { eventStoreErrors } from './errors.ts';
import { type DomainEvent, type EventFormat, eventFormat, type StoredCause } from './event-format.ts';

/** An event with its place in its stream. */
export interface StoredEvent<Event extends DomainEvent> {
  /** UUIDv7; a public event that follows from it carries the same. */
  readonly id: string;
  readonly stream: string;
  /** 1 for the first of its stream, without gaps. */
  readonly version: number;
  readonly at: Date;
  readonly event: Event;
  readonly cause: StoredCause;
}

export interface Stream<Event extends DomainEvent> {
  readonly id: string;
  /** Of the last event; 0 for a stream that does not exist. */
  readonly version: number;
  readonly events: readonly StoredEvent<Event>[];
}

/** Events that have one cause. */
export interface Change<Event extends DomainEvent> {
  readonly events: readonly Event[];
  readonly cause: Cause;
}

export interface Append<Event extends DomainEvent> {
  readonly stream: string;
  /** The version the decision was made on; 0 starts the stream. */
  readonly expectedVersion: number;
  readonly changes: readonly Change<Event>[];
}

export interface ReadOptions<Event extends DomainEvent> {
  /** Lock the streams, in id order, until the transaction ends; for reads in a transaction. */
  readonly lock?: boolean;
  /** Only events after this version. */
  readonly after?: number;
  /** At most this many events of all streams together. */
  readonly limit?: number;
  /** Only events for which this condition on their columns is true, and always the last one of a stream. */
  readonly where?: RawBuilder<unknown>;
  /** How older rows are read; by default every event type has had one shape. */
  readonly format?: EventFormat<Event>;
}

/** A row of the table `event`, of which `storedEvent` makes an event. */
export interface EventRow {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly at: Date;
  readonly type: string;
  readonly shape: number;
  readonly data: unknown;
  readonly cause: Cause | null;
}

/** The columns of an `EventRow`. */
export const eventColumns = sql.raw('id, stream, version, at, type, shape, data, cause');

/** The event in its newest shape, whichever release wrote the row. */
export const storedEvent = <Event extends DomainEvent>(
  { id, stream, version, at, type, shape, data, cause }: EventRow,
  format: EventFormat<Event>,
): StoredEvent<Event> => {
  const event = format.upcast(type, shape, data);
  return { id, stream, version, at, event, cause: cause ?? format.causeOf(event) };
};

/** The events of several streams, as one statement, two with a lock; a stream that does not exist is empty. */
export const readStreams = async <Event extends DomainEvent, DB>(
  db: Kysely<DB>,
  streams: readonly string[],
  { lock = false, after = 0, limit, where, format = eventFormat() }: ReadOptions<Event> = {},
): Promise<ReadonlyMap<string, Stream<Event>>> => {
  const ids = [...new Set(streams)];
  if (lock) {
    await sql`select stream from event_stream where stream = any(${ids}::text[]) order by stream for update`.execute(
      db,
    );
  }
  const isLast = sql`version = (select last.version from event_stream as last where last.stream = event.stream)`;
  const isWanted = where === undefined ? sql`true` : sql`((${where}) or ${isLast})`;
  const { rows } = await sql<EventRow>`
    select ${eventColumns} from event
    where stream = any(${ids}::text[]) and version > ${after} and ${isWanted}
    order by stream, version limit ${limit ?? null}`.execute(db);
  const byStream = Map.groupBy(rows, ({ stream }) => stream);
  return new Map(
    ids.map((id) => {
      const events = (byStream.get(id) ?? []).map((row) => storedEvent(row, format));
      return [id, { id, version: events.at(-1)?.version ?? after, events }];
    }),
  );
};

/** The events of one stream. */
export const readStream = async <Event extends DomainEvent, DB>(
  db: Kysely<DB>,
  stream: string,
  options: ReadOptions<Event> = {},
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
  { shapeOf }: Pick<EventFormat<Event>, 'shapeOf'> = eventFormat<Event>(),
): Promise<StoredEvent<Event>[]> => {
  const appended = appends.map(({ stream, expectedVersion, changes }) => {
    const events = changes.flatMap(({ events, cause }) => events.map((event) => ({ event, cause })));
    return {
      stream,
      expectedVersion,
      events: events.map((each, index) => ({
        ...{ id: uuid(), stream, version: expectedVersion + index + 1, at },
        ...each,
      })),
    };
  });
  const wanted = appended
    .filter(({ events }) => events.length > 0)
    .toSorted((one, other) => (one.stream < other.stream ? -1 : 1)); // locked in a fixed order
  if (wanted.length === 0) return [];
  await advance(tx, wanted);
  const events = appended.flatMap(({ events }) => events);
  // A younger transaction may have appended while this one waited for the stream: readers must still see its events first.
  await sql`
    insert into event (stream, version, id, type, shape, data, cause, at, transaction)
    select stream, version, id, type, shape, data, cause, ${at}::timestamptz,
      greatest(pg_current_xact_id(), (
        select last.transaction from event as last
        where last.stream = appended.stream and last.version = appended.version - appended.place
      ))
    from unnest(
      ${events.map(({ stream }) => stream)}::text[],
      ${events.map(({ version }) => version)}::integer[],
      ${events.map(({ id }) => id)}::text[],
      ${events.map(({ event }) => event.type)}::text[],
      ${events.map(({ event }) => shapeOf(event.type))}::integer[],
      ${events.map(({ event }) => JSON.stringify(event))}::jsonb[],
      ${events.map(({ cause }) => JSON.stringify(cause))}::jsonb[],
      ${appended.flatMap(({ events: { length } }) => Array.from({ length }, (_, index) => index + 1))}::integer[]
    ) as appended (stream, version, id, type, shape, data, cause, place)`.execute(tx);
  return events;
};

interface Advance {
  readonly stream: string;
  readonly expectedVersion: number;
  readonly events: readonly unknown[];
}

/** Moves each stream from its expected version to the next, which holds its lock until the transaction ends. */
const advance = async <DB>(tx: Tx<DB>, appends: readonly Advance[]): Promise<void> => {
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
