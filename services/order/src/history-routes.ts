import type { StoredCause, StoredEvent } from '@emporium/event-store';
import {
  currentUser,
  nextPage,
  pageLimit,
  problem,
  type Routes,
  readPage,
  type User,
  wholeNumber,
} from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import type { OrderEvent } from './domain/order.ts';
import { readHistory, readOwner } from './store/orders.ts';
import type { OrderTables } from './store/tables.ts';

const newestVersion = 2_147_483_647;

const actor = z
  .object({ kind: z.string(), id: z.string().optional(), name: z.string().optional() })
  .describe(
    'Who did it: a person by id (to customers an administrator has none), or a part of the shop by name',
  );

const entry = z.object({
  version: z.int(),
  id: z.string(),
  at: z.string(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
  actor,
  correlationId: z.string().optional(),
  causationId: z
    .string()
    .optional()
    .describe('The id of the message, or the span id of the request, that led to it'),
});

/** What happened to an order, event by event. */
export const historyRoutes =
  ({ db }: Pick<Store<OrderTables>, 'db'>): Routes =>
  (server) => {
    server.get(
      '/api/orders/:id/history',
      {
        config: { access: 'user' },
        schema: {
          summary: 'The events of an order, the oldest first, with who did it and what caused it',
          params: z.object({ id: z.string().max(100) }),
          querystring: z.object({
            limit: pageLimit(500, 100),
            after: wholeNumber({ min: 0, max: newestVersion, usual: 0 }).describe(
              'Only events after this version',
            ),
          }),
          response: { 200: z.object({ orderId: z.string(), events: z.array(entry), ...nextPage }) },
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
  };

/** Throws a 404 problem unless it is the user's own order, or the user is an administrator. */
const assertMayRead = ({ userId, role }: User, owner: string | undefined): void => {
  if (owner === undefined || (owner !== userId && role !== 'administrator'))
    throw problem(404, 'not-found', 'There is no such order.');
};

const entryFor = (user: User, { version, id, at, event, cause }: StoredEvent<OrderEvent>) => {
  const { type, ...data } = event;
  const { actor, ...ids } = cause;
  return { version, id, at: at.toISOString(), type, data, actor: actorFor(user, actor), ...ids };
};

/** Customers do not learn which administrator it was. */
const actorFor = ({ role }: User, actor: StoredCause['actor']): z.output<typeof entry>['actor'] =>
  actor.kind === 'administrator' && role !== 'administrator' ? { kind: actor.kind } : actor;
