import { causeOf } from '@emporium/bus';
import { money } from '@emporium/contracts';
import type { SagaRunner } from '@emporium/saga';
import {
  actorOf,
  currentUser,
  cursor,
  nextPage,
  pageLimit,
  problem,
  type Routes,
  readPage,
  rfc3339Time,
} from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import type { Fulfilment } from './fulfilment.ts';
import { resume } from './resume.ts';
import type { OrderTables } from './store/tables.ts';
import { atLeast, versionNote, versionsAfter, type WaitForVersion } from './views/at-least.ts';
import { customerOrders } from './views/customer-orders.ts';
import { listOrders } from './views/list-orders.ts';

interface AdminDependencies {
  readonly store: Store<OrderTables>;
  readonly fulfilment: SagaRunner<Fulfilment, OrderTables>;
  readonly waitForVersion: WaitForVersion;
}

const summary = z.object({
  orderId: z.string(),
  customerId: z.string(),
  status: z.string(),
  total: money,
  placedAt: z.string(),
  href: z.string(),
});

export const adminRoutes =
  ({ store, fulfilment, waitForVersion }: AdminDependencies): Routes =>
  (server) => {
    server.get(
      '/api/admin/orders',
      {
        config: { access: 'administrator' },
        schema: {
          summary: 'Orders of all customers, the newest first',
          querystring: z.object({
            limit: pageLimit(1_000, 50),
            before: cursor,
            status: z.string().max(40).optional(),
            customerId: z.string().max(100).optional(),
            from: rfc3339Time.optional().describe('Only orders that were placed at or after this time'),
            until: rfc3339Time.optional().describe('Only orders that were placed before this time'),
            atLeast,
          }),
          response: { 200: z.object({ orders: z.array(summary), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        await waitForVersion(customerOrders, query.atLeast);
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => listOrders(store.db, { ...query, limit }),
          cursorOf: ({ orderId }) => orderId,
        });
        return { orders: [...rows], ...next };
      },
    );

    server.post(
      '/api/admin/orders/:id/resume',
      {
        config: {
          access: 'administrator',
          problems: { 409: 'The order does not need attention, or nothing can be retried' },
        },
        schema: {
          summary: 'Resume an order that needs attention',
          deprecated: true,
          description: `Deprecated: use /api/admin/sagas/:id/retry. ${versionNote}`,
          params: z.object({ id: z.string().max(100) }),
          response: { 202: z.object({ orderId: z.string() }) },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const user = currentUser(request);
        const version = await store.transaction(async ({ tx, now, context, effects }) => {
          const who = { by: user.userId, cause: causeOf(context, actorOf(user)) };
          const applied = await resume(fulfilment, { tx, now }, id, who);
          if (applied === undefined) throw problem(404, 'not-found', 'There is no such order.');
          if (applied.transition.kind === 'ignored')
            throw problem(409, 'not-parked', applied.transition.reason);
          effects.push(...applied.effects);
          return (await versionsAfter(tx, [id])).get(id);
        });
        return reply
          .code(202)
          .headers(version ?? {})
          .send({ orderId: id });
      },
    );
  };
