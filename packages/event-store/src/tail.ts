import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@emporium/bus';
import { classify, type Store, startPoller } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import { type DomainEvent, type EventFormat, eventFormat } from './event-format.ts';
import { type EventRow, type StoredEvent, storedEvent } from './event-store.ts';
import { hasMoreAfter, type Position, readAfter } from './projections/read-order.ts';

/** Passes new events of this database, from all processes, on to listeners: one query for all of them. */
export interface EventTail<Event extends DomainEvent> {
  /**
   * Calls the listener with the new events of one stream, in order, until the returned function is called. Once it has resolved
   * nothing is missed: each event of the stream is in what the caller then reads, or comes to the listener, or both.
   */
  listen(stream: string, listener: Listener<Event>): Promise<() => void>;
  /** Waits for the read in progress. Listeners are not called any more. */
  stop(): Promise<void>;
}

export interface Listener<Event extends DomainEvent> {
  next(event: StoredEvent<Event>): void;
  /** An event could not be read, and nothing follows. */
  failed(error: unknown): void;
}

export interface TailOptions<Event extends DomainEvent> {
  readonly log: Log;
  /** How older rows are read. */
  readonly format?: EventFormat<Event>;
}

/** Events read by one query. */
const batchSize = 200;
/** Commits of this process wake the reader; those of others are found by a poll in this interval, in milliseconds. */
const pollMs = 1_000;
/** An event becomes readable when every older transaction has ended: look again this soon, in milliseconds. */
const againMs = 50;
/** Between the beginnings of two reads, in milliseconds, so that under load a read is many events instead of one. */
const gapMs = 50;

/**
 * Reads in the order of projections: by transaction, only those that no running transaction precedes, so that no late commit is
 * skipped. It reads while there are listeners, and begins with what is not readable yet when the first one comes.
 */
export const createEventTail = <Event extends DomainEvent, DB>(
  store: Pick<Store<DB>, 'db' | 'onCommit'>,
  { log, format = eventFormat<Event>() }: TailOptions<Event>,
): EventTail<Event> => {
  const listeners = new Map<string, Set<Listener<Event>>>();
  let reading: Reading | undefined;

  const dispatch = (row: EventRow): void => {
    const own = listeners.get(row.stream);
    if (own === undefined) return;
    try {
      const event = storedEvent(row, format);
      for (const listener of own) listener.next(event);
    } catch (error) {
      log.error({ stream: row.stream, version: row.version }, `an event cannot be read: ${messageOf(error)}`);
      for (const listener of own) listener.failed(error);
    }
  };

  const stopReading = async (): Promise<void> => {
    const stopped = reading;
    reading = undefined;
    await stopped?.stop();
  };

  const remove = (stream: string, listener: Listener<Event>): void => {
    const own = listeners.get(stream);
    if (own?.delete(listener) !== true || own.size > 0) return;
    listeners.delete(stream);
    if (listeners.size === 0) void stopReading();
  };

  return {
    listen: async (stream, listener) => {
      const own = listeners.get(stream) ?? new Set();
      listeners.set(stream, own.add(listener));
      reading ??= startReading(store, dispatch, log);
      try {
        await reading.ready;
      } catch (error) {
        remove(stream, listener);
        throw classify(error);
      }
      return () => remove(stream, listener);
    },
    stop: async () => {
      listeners.clear();
      await stopReading();
    },
  };
};

interface Reading {
  /** From then on, no new event is missed. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

const startReading = <DB>(
  { db, onCommit }: Pick<Store<DB>, 'db' | 'onCommit'>,
  dispatch: (row: EventRow) => void,
  log: Log,
): Reading => {
  let position: Position;
  let nextAt = 0;
  let isStopped = false;
  let stop: () => Promise<void> = async () => undefined;

  const run = async (signal: AbortSignal): Promise<number> => {
    await sleep(Math.max(nextAt - performance.now(), 0), undefined, { signal }).catch(() => undefined); // it stops
    nextAt = performance.now() + gapMs;
    const rows = await readAfter(db, position, batchSize);
    for (const row of rows) {
      if (isStopped) break;
      dispatch(row);
      position = row;
    }
    if (rows.length === batchSize) return 0;
    return (await hasMoreAfter(db, position)) ? againMs : pollMs;
  };

  const ready = (async () => {
    position = await endOfReadable(db);
    if (isStopped) return;
    const poller = startPoller({ name: 'event tail', log, run });
    const removeListener = onCommit(poller.wake);
    stop = async () => {
      removeListener();
      await poller.stop();
    };
  })();

  return {
    ready,
    stop: async () => {
      isStopped = true;
      await ready.catch(() => undefined); // it was reported to the listeners
      await stop();
    },
  };
};

/** Every event before it is committed, and can be read now. */
const endOfReadable = async <DB>(db: Kysely<DB>): Promise<Position> => {
  const { rows } = await sql<{ transaction: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as transaction`.execute(db);
  return { transaction: rows[0]?.transaction ?? '0', position: 0 };
};
