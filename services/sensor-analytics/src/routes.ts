import { cursor, nextPage, pageLimit, problem, type Routes, readPage } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { type Flag, flags } from './domain/reading.ts';
import type { Live } from './live.ts';
import { listAlerts } from './store/alerts.ts';
import { countFlagged, listFlagged } from './store/flagged.ts';
import { countMalformed, listMalformed } from './store/malformed.ts';
import type { Tables } from './store/tables.ts';
import { newestWindows } from './store/windows.ts';
import { alert, alertView, flaggedReadings, flaggedView, window, windowView } from './views.ts';

interface Parts {
  readonly store: Store<Tables>;
  readonly live: Live;
  readonly windowSeconds: number;
  /** How far in the future a reading may be. */
  readonly aheadSeconds: number;
}

const malformed = z.object({
  id: z.string(),
  /** Where the broker has it, or had. */
  position: z.string().optional(),
  code: z.string(),
  message: z.string(),
  at: z.string(),
});

export const sensorRoutes =
  ({ store, live, windowSeconds, aheadSeconds }: Parts): Routes =>
  (server) => {
    const config = { access: 'public' } as const;

    server.get(
      '/api/sensors/locations',
      {
        config,
        schema: {
          summary: 'The newest windows of each place, the newest first; that of now is still growing',
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
          until: new Date(Date.now() + aheadSeconds * 1_000),
        });
        const places = Map.groupBy(rows, ({ location }) => location);
        return {
          locations: [...places].map(([location, mine]) => ({ location, windows: mine.map(windowView) })),
        };
      },
    );

    server.get(
      '/api/sensors/alerts',
      {
        config,
        schema: {
          summary: 'Alerts, the newest first',
          querystring: z.object({ limit: pageLimit(1_000, 50), before: cursor }),
          response: { 200: z.object({ alerts: z.array(alert), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { limit, before } = request.query;
        const { rows, next } = await readPage(request, reply, {
          limit,
          parameter: 'before',
          read: (most) => listAlerts(store.db, most, before),
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
          summary:
            'How many readings were none, and the last of them; their bytes are among the dead letters',
          querystring: z.object({ limit: pageLimit(500, 20) }),
          response: { 200: z.object({ count: z.int(), malformed: z.array(malformed) }) },
        },
      },
      async ({ query }) => {
        const [count, rows] = await Promise.all([
          countMalformed(store.db),
          listMalformed(store.db, query.limit),
        ]);
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
          summary: 'What was wrong with readings that could be read: how many by flag, and for each sensor',
          querystring: z.object({
            limit: pageLimit(500, 100),
            sensorId: z
              .string()
              .regex(/^\d{1,10}$/, 'must be the id of a sensor')
              .optional(),
            /** As `next` has it: the sensor and the flag of the last one of the page before. */
            after: flaggedCursor.optional(),
          }),
          response: {
            200: z.object({
              /** Of all sensors. */
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
        const [counts, { rows, next }] = await Promise.all([
          countFlagged(store.db),
          readPage(request, reply, {
            limit,
            parameter: 'after',
            read: (most) => listFlagged(store.db, { ...page, limit: most }),
            cursorOf: ({ sensor_id, flag }) => `${sensor_id}.${flag}`,
          }),
        ]);
        const all = Object.fromEntries(flags.map((flag) => [flag, counts.get(flag) ?? 0]));
        return { counts: all as Record<Flag, number>, flagged: rows.map(flaggedView), ...next }; // fromEntries forgets the keys
      },
    );

    server.get(
      '/api/sensors/stream',
      {
        config,
        schema: {
          summary: 'Server-sent events, live: `window` whenever one has grown, `alert` for each alert',
        },
      },
      async (request, reply) => {
        if (request.method === 'HEAD') return reply.type('text/event-stream').send(); // nobody would read a feed
        const feed = live.open(lastAlertOf(request.headers['last-event-id']));
        if (feed === undefined) {
          throw problem(
            503,
            'too-many-listeners',
            'There are as many listeners as this process can serve; try again.',
            {
              headers: { 'retry-after': '10' },
            },
          );
        }
        return reply.type('text/event-stream').send(feed);
      },
    );
    server.addHook('preClose', async () => live.close());
  };

const flaggedCursor = z
  .string()
  .regex(/^\d{1,10}\.[a-z-]{1,40}$/, 'must be one that an answer of this list gave');

const parseCursor = (cursor: string): [number, string] => {
  const [sensorId = '', flag = ''] = cursor.split('.');
  return [Number(sensorId), flag];
};

const lastAlertOf = (header: unknown): string | undefined => {
  const parsed = z.uuid().safeParse(header);
  return parsed.success ? parsed.data : undefined;
};
