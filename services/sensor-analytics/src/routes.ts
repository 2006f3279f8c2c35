import { cursor, nextPage, pageLimit, problem, type Routes, readPage } from '@emporium/service';
import { inSnapshot, type Store } from '@emporium/store';
import { z } from 'zod';
import { type Flag, flags } from './domain/reading.ts';
import type { LiveFeed } from './live-feed.ts';
import { listAlerts } from './store/alerts.ts';
import { countFlagged, listFlagged } from './store/flagged.ts';
import { countMalformed, listMalformed } from './store/malformed.ts';
import type { Tables } from './store/tables.ts';
import { newestWindows } from './store/windows.ts';
import { alert, alertView, flaggedReadings, flaggedView, window, windowView } from './views.ts';

interface Parts {
  readonly store: Store<Tables>;
  readonly liveFeed: LiveFeed;
  readonly windowSeconds: number;
  /** How far in the future a reading may be. */
  readonly maxAheadSeconds: number;
}

const malformed = z.object({
  id: z.string(),
  /** Where the broker had it. */
  position: z.string().optional(),
  code: z.string(),
  message: z.string(),
  at: z.string(),
});

export const sensorRoutes =
  ({ store, liveFeed, windowSeconds, maxAheadSeconds }: Parts): Routes =>
  (server) => {
    const config = { access: 'public' } as const;

    server.get(
      '/api/sensors/locations',
      {
        config,
        schema: {
          summary: 'List the newest windows of each location, newest first; the current window still changes',
          querystring: z.object({ windows: pageLimit(60, 1) }),
          response: {
            200: z.object({
              locations: z.array(z.object({ location: z.string(), windows: z.array(window) })),
            }),
          },
        },
      },
      async ({ query: { windows } }) => {
        const rows = await newestWindows(store.db, {
          ...{ seconds: windowSeconds, each: windows },
          until: new Date(Date.now() + maxAheadSeconds * 1_000),
        });
        const byLocation = Map.groupBy(rows, ({ location }) => location);
        return {
          locations: [...byLocation].map(([location, rows]) => ({ location, windows: rows.map(windowView) })),
        };
      },
    );

    server.get(
      '/api/sensors/alerts',
      {
        config,
        schema: {
          summary: 'List alerts, newest first',
          querystring: z.object({ limit: pageLimit(1_000, 50), before: cursor }),
          response: { 200: z.object({ alerts: z.array(alert), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { limit, before } = request.query;
        const { rows, next } = await readPage(request, reply, {
          limit,
          parameter: 'before',
          read: (pageSize) => listAlerts(store.db, pageSize, before),
          cursorOf: ({ id }) => id,
        });
        return { alerts: rows.map(alertView), ...next };
      },
    );

    server.get(
      '/api/sensors/malformed',
      {
        config,
        schema: {
          summary: 'Count malformed readings, and list the latest; their bytes are in the dead letters',
          querystring: z.object({ limit: pageLimit(500, 20) }),
          response: { 200: z.object({ count: z.int(), malformed: z.array(malformed) }) },
        },
      },
      async ({ query }) => {
        const { count, rows } = await inSnapshot(store.db, async (snapshot) => ({
          count: await countMalformed(snapshot),
          rows: await listMalformed(snapshot, query.limit),
        }));
        return {
          count,
          malformed: rows.map(({ position, at, ...row }) => ({
            ...row,
            ...(position === '' ? {} : { position }),
            at: at.toISOString(),
          })),
        };
      },
    );

    server.get(
      '/api/sensors/flagged',
      {
        config,
        schema: {
          summary: 'Count flagged readings by flag, and by sensor',
          querystring: z.object({
            limit: pageLimit(500, 100),
            sensorId: z
              .string()
              .regex(/^\d{1,10}$/, 'must be the id of a sensor')
              .optional(),
            /** From `next`: the sensor and the flag of the last entry of the previous page. */
            after: flaggedCursor.optional(),
          }),
          response: {
            200: z.object({
              /** The number of readings by flag, of all sensors. */
              counts: z.record(z.enum(flags), z.int()),
              flagged: z.array(flaggedReadings),
              ...nextPage,
            }),
          },
        },
      },
      async (request, reply) => {
        const { limit, after, sensorId } = request.query;
        const page = {
          sensorId: sensorId === undefined ? undefined : Number(sensorId),
          after: after === undefined ? undefined : parseCursor(after),
        };
        const [counts, { rows, next }] = await inSnapshot(store.db, async (snapshot) => [
          await countFlagged(snapshot),
          await readPage(request, reply, {
            limit,
            parameter: 'after',
            read: (pageSize) => listFlagged(snapshot, { ...page, limit: pageSize }),
            cursorOf: ({ sensor_id, flag }) => `${sensor_id}.${flag}`,
          }),
        ]);
        const all = Object.fromEntries(flags.map((flag) => [flag, counts.get(flag) ?? 0]));
        return { counts: all as Record<Flag, number>, flagged: rows.map(flaggedView), ...next }; // fromEntries loses the type of the keys
      },
    );

    server.get(
      '/api/sensors/stream',
      {
        config,
        schema: {
          summary: 'Stream server-sent events: `window` for each changed window, `alert` for each alert',
        },
      },
      async (request, reply) => {
        if (request.method === 'HEAD') return reply.type('text/event-stream').send(); // without a feed, which would not be read
        const feed = liveFeed.open(lastAlertOf(request.headers['last-event-id']));
        if (feed === undefined) {
          throw problem(
            503,
            'too-many-listeners',
            'This process has the maximum number of listeners; try again later.',
            {
              headers: { 'retry-after': '10' },
            },
          );
        }
        return reply.type('text/event-stream').send(feed);
      },
    );
    server.addHook('preClose', async () => liveFeed.close());
  };

const flaggedCursor = z.string().regex(/^\d{1,10}\.[a-z-]{1,40}$/, 'must be taken from a `next` link');

const parseCursor = (cursor: string): [number, string] => {
  const [sensorId = '', flag = ''] = cursor.split('.');
  return [Number(sensorId), flag];
};

const lastAlertOf = (header: unknown): string | undefined => {
  const parsed = z.uuid().safeParse(header);
  return parsed.success ? parsed.data : undefined;
};
