import { PassThrough, type Readable } from 'node:stream';
import { type Log, reasonOf } from '@emporium/service';
import type { Kysely } from 'kysely';
import { alertsAfter, listAlerts } from './store/alerts.ts';
import type { ReadingWindowTable, Tables } from './store/tables.ts';
import { changedWindows, newestWindows } from './store/windows.ts';
import { alertView, windowView } from './views.ts';

/**
 * Changes of windows and new alerts as server-sent events. One query a second serves all listeners of a process. It reads the
 * database, and so sees the changes of every process.
 */
export interface LiveFeed {
  /**
   * Starts with the newest window of each location, and with the alerts after `lastAlert`.
   * Returns undefined when there are too many listeners.
   */
  open(lastAlert?: string): Readable | undefined;
  /** Ends the stream of every listener. */
  close(): void;
}

interface LiveFeedOptions {
  readonly db: Kysely<Tables>;
  readonly windowSeconds: number;
  /** How far in the future a reading may be. */
  readonly maxAheadSeconds: number;
  readonly log: Log;
  readonly pollMs?: number;
}

/** Each listener takes a connection of the gateway. */
const maxListeners = 50;
/** A transaction may commit this long after the time that it wrote: polls overlap, and skip what was sent. */
const overlapMs = 5_000;
/** Changes of older windows are not sent. */
const maxWindowAgeMs = 3_600_000;
/** Keeps proxies and clients from closing an idle connection. */
const heartbeatMs = 5_000;
/** A listener with more unread characters than this is disconnected. */
const maxUnread = 1_000_000;
const maxRemembered = 10_000;

export const createLiveFeed = ({
  db,
  windowSeconds,
  maxAheadSeconds,
  log,
  pollMs = 1_000,
}: LiveFeedOptions): LiveFeed => {
  const listeners = new Set<PassThrough>();
  const sentVersions = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let nextHeartbeat = 0;

  const send = (text: string, to: Iterable<PassThrough> = listeners): void => {
    for (const listener of to) {
      if (listener.writableLength > maxUnread) listener.destroy();
      else listener.write(text);
    }
  };

  const poll = async (): Promise<void> => {
    const now = Date.now();
    const since = new Date(now - overlapMs - pollMs);
    const startedAfter = new Date(now - maxWindowAgeMs);
    for (const row of await changedWindows(db, windowSeconds, { since, startedAfter }))
      if (isNew(`${row.location} ${row.start.getTime()}`, row.readings)) send(windowEvent(row));
    const alerts = await listAlerts(db, 100);
    for (const row of alerts.toReversed()) {
      const isRecent = row.raised_at.getTime() > now - overlapMs - pollMs;
      if (isRecent && isNew(row.id, 1)) send(alertEvent(row));
    }
    if (now >= nextHeartbeat) {
      send(': here\n\n');
      nextHeartbeat = now + heartbeatMs;
    }
  };

  /** Remembers the version that was sent last; forgets the oldest entries. */
  const isNew = (key: string, version: number): boolean => {
    if (sentVersions.get(key) === version) return false;
    sentVersions.delete(key);
    sentVersions.set(key, version);
    const oldest = sentVersions.size > maxRemembered ? sentVersions.keys().next().value : undefined;
    if (oldest !== undefined) sentVersions.delete(oldest);
    return true;
  };

  const scheduleNextPoll = (): void => {
    timer = setTimeout(async () => {
      await poll().catch((error: unknown) =>
        log.warn(`the live feed could not read changes, retrying: ${reasonOf(error)}`),
      );
      if (listeners.size > 0) scheduleNextPoll();
      else timer = undefined;
    }, pollMs);
  };

  const sendSnapshot = async (listener: PassThrough, lastAlert: string | undefined): Promise<void> => {
    const windows = await newestWindows(db, {
      ...{ seconds: windowSeconds, each: 1 },
      until: new Date(Date.now() + maxAheadSeconds * 1_000),
    });
    const missed = lastAlert === undefined ? [] : await alertsAfter(db, lastAlert, 100);
    send([...windows.map(windowEvent), ...missed.map(alertEvent)].join(''), [listener]);
  };

  return {
    open: (lastAlert) => {
      if (listeners.size >= maxListeners) return undefined;
      const listener = new PassThrough();
      listeners.add(listener);
      listener.once('close', () => listeners.delete(listener));
      listener.write('retry: 2000\n\n');
      sendSnapshot(listener, lastAlert).catch((error: unknown) => {
        log.warn(`the live feed could not send the current state: ${reasonOf(error)}`);
      });
      if (timer === undefined) scheduleNextPoll();
      return listener;
    },
    close: () => {
      clearTimeout(timer);
      for (const listener of listeners) listener.end();
    },
  };
};

const windowEvent = (row: ReadingWindowTable): string =>
  `event: window\ndata: ${JSON.stringify({ location: row.location, ...windowView(row) })}\n\n`;

const alertEvent = (row: Parameters<typeof alertView>[0]): string =>
  `id: ${row.id}\nevent: alert\ndata: ${JSON.stringify(alertView(row))}\n\n`;
