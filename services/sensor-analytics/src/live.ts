import { PassThrough, type Readable } from 'node:stream';
import { type Log, reasonOf } from '@emporium/service';
import type { Kysely } from 'kysely';
import { alertsAfter, listAlerts } from './store/alerts.ts';
import type { ReadingWindowTable, Tables } from './store/tables.ts';
import { changedWindows, newestWindows } from './store/windows.ts';
import { alertView, windowView } from './views.ts';

/**
 * What changes, as server-sent events. One look a second into the database serves all listeners of a process, so that they see
 * what every other process adds, too.
 */
export interface Live {
  /** Begins with the newest window of each place, and with the alerts after this one. Undefined when there are too many. */
  open(lastAlert?: string): Readable | undefined;
  /** Ends every feed. */
  close(): void;
}

interface LiveOptions {
  readonly db: Kysely<Tables>;
  readonly windowSeconds: number;
  /** How far in the future a reading may be. */
  readonly aheadSeconds: number;
  readonly log: Log;
  readonly lookMs?: number;
}

/** Each holds a connection of the gateway. */
const mostListeners = 50;
/** A transaction may commit so long after the time it wrote: looks overlap, and what was told is not told again. */
const overlapMs = 5_000;
/** What changes farther back is too old to be live. */
const horizonMs = 3_600_000;
/** Proxies and clients take silence for death. */
const heartbeatMs = 5_000;
/** A listener that does not read is left. */
const mostUnread = 1_000_000;

export const createLive = ({ db, windowSeconds, aheadSeconds, log, lookMs = 1_000 }: LiveOptions): Live => {
  const listeners = new Set<PassThrough>();
  const told = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let beatAt = 0;

  const tell = (text: string, to: Iterable<PassThrough> = listeners): void => {
    for (const listener of to) {
      if (listener.writableLength > mostUnread) listener.destroy();
      else listener.write(text);
    }
  };

  const look = async (): Promise<void> => {
    const now = Date.now();
    const since = new Date(now - overlapMs - lookMs);
    const windows = await changedWindows(db, windowSeconds, { since, begun: new Date(now - horizonMs) });
    for (const row of windows)
      if (isNews(`${row.location} ${row.start.getTime()}`, row.readings)) tell(windowEvent(row));
    const alerts = await listAlerts(db, 100);
    for (const row of alerts.toReversed()) {
      const isRecent = row.raised_at.getTime() > now - overlapMs - lookMs;
      if (isRecent && isNews(row.id, 1)) tell(alertEvent(row));
    }
    if (now >= beatAt) {
      tell(': here\n\n');
      beatAt = now + heartbeatMs;
    }
  };

  /** Remembers the last of what was told, the oldest being forgotten. */
  const isNews = (what: string, version: number): boolean => {
    if (told.get(what) === version) return false;
    told.delete(what);
    told.set(what, version);
    const oldest = told.size > 10_000 ? told.keys().next().value : undefined;
    if (oldest !== undefined) told.delete(oldest);
    return true;
  };

  const again = (): void => {
    timer = setTimeout(async () => {
      await look().catch((error: unknown) => log.warn(`the live feed waits: ${reasonOf(error)}`));
      if (listeners.size > 0) again();
      else timer = undefined;
    }, lookMs);
  };

  const greet = async (listener: PassThrough, lastAlert: string | undefined): Promise<void> => {
    const windows = await newestWindows(db, {
      ...{ seconds: windowSeconds, each: 1 },
      until: new Date(Date.now() + aheadSeconds * 1_000),
    });
    const missed = lastAlert === undefined ? [] : await alertsAfter(db, lastAlert, 100);
    tell([...windows.map(windowEvent), ...missed.map(alertEvent)].join(''), [listener]);
  };

  return {
    open: (lastAlert) => {
      if (listeners.size >= mostListeners) return undefined;
      const listener = new PassThrough();
      listeners.add(listener);
      listener.once('close', () => listeners.delete(listener));
      listener.write('retry: 2000\n\n');
      greet(listener, lastAlert).catch((error: unknown) => {
        log.warn(`a listener hears only what is new: ${reasonOf(error)}`);
      });
      if (timer === undefined) again();
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
