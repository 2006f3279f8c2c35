import {
  currentUser,
  fieldProblem,
  nextPage,
  pageLimit,
  type Routes,
  readPage,
  wholeNumber,
} from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { assertMayRead, entryFor, historyEntry } from './history-entry.ts';
import type { OrderStreams } from './order-streams.ts';
import { readHistory, readOrder, readOwner } from './store/orders.ts';
import type { OrderTables } from './store/tables.ts';

interface HistoryDependencies {
  readonly store: Pick<Store<OrderTables>, 'db'>;
  readonly streams: OrderStreams;
}

const newestVersion = 2_147_483_647;
const params = z.object({ id: z.string().max(100) });

/** What happened to an order, and what happens: event by event. */
export const historyRoutes =
  ({ store: { db }, streams }: HistoryDependencies): Routes =>
  (server) => {
    server.get(
      '/api/orders/:id/history',
      {
        config: { access: 'user' },
        schema: {
          summary: 'The events of an order, the oldest first, with who did it and what caused it',
          params,
          querystring: z.object({
            limit: pageLimit(500, 100),
            after: wholeNumber({ min: 0, max: newestVersion, usual: 0 }).describe(
              'Only events after this version',
            ),
          }),
          response: { 200: z.object({ orderId: z.string(), events: z.array(historyEntry), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const user = currentUser(request);
        const { id } = request.params;
        const { limit, after } = request.query;
        assertMayRead(user, await readOwner(db, id));
        const { rows, next } = await readPage(request, reply, {
          limit,
          parameter: 'after',
          read: (pageSize) => readHistory(db, id, { after, limit: pageSize }),
          cursorOf: ({ version }) => String(version),
        });
        return { orderId: id, events: rows.map((event) => entryFor(user, event)), ...next };
      },
    );

    server.get(
      '/api/orders/:id/events',
      {
        config: { access: 'user' },
        schema: {
          summary:
            'The events of an order as server-sent events: all, or those after `Last-Event-ID`, and then each new one',
          params,
        },
      },
      async (request, reply) => {
        const user = currentUser(request);
        const { id } = request.params;
        const after = lastVersionOf(request.headers['last-event-id']);
        assertMayRead(user, await readOwner(db, id));
        reply.type('text/event-stream').header('x-accel-buffering', 'no');
        if (request.method === 'HEAD') return reply.send(); // without a stream, which would not be read
        const { body, end } = await streams.open(user, id, after, async () => {
          const { stream } = await readOrder(db, id);
          if (after <= stream.version) return stream;
          throw badLastEventId(`must not be after the newest version, which is ${stream.version}`);
        });
        reply.raw.once('close', end);
        return reply.send(body);
      },
    );
    server.addHook('preClose', async () => streams.close());
  };

/** The version that a client has seen last; 0 when it has seen none. */
const lastVersionOf = (header: string | readonly string[] | undefined): number => {
  if (header === undefined || header === '') return 0;
  const version = typeof header === 'string' && /^\d{1,10}$/.test(header) ? Number(header) : Number.NaN;
  if (version <= newestVersion) return version;
  throw badLastEventId('must be the version of an event');
};

const badLastEventId = (message: string) =>
  fieldProblem(400, 'invalid-request', [{ field: 'headers.last-event-id', message }]);
