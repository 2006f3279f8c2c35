import { causeOf } from '@emporium/bus';
import { type Money, money, orderLine, pricedLine } from '@emporium/contracts';
import type { SagaRunner } from '@emporium/saga';
import {
  actorOf,
  currentUser,
  cursor,
  fieldProblem,
  nextPage,
  pageLimit,
  problem,
  type Role,
  type Routes,
  readPage,
} from '@emporium/service';
import type { Answer, Store } from '@emporium/store';
import { z } from 'zod';
import type { Backlog } from './backlog.ts';
import { isBeingCancelled, settledByHandOf } from './domain/order.ts';
import { refundedOf } from './domain/refunds.ts';
import { timelineEntry } from './domain/timeline.ts';
import type { Fulfilment } from './fulfilment.ts';
import { idempotencyKeyOf, idempotencyProblem } from './idempotency.ts';
import { type Placed, placeOrders } from './place-order.ts';
import { eventsUntilQuery, pointInTime } from './point-in-time.ts';
import { customerRefund } from './refund-views.ts';
import { orderOf, readOrder } from './store/orders.ts';
import type { OrderTables } from './store/tables.ts';
import { atLeast, versionNote, versionsAfter, type WaitForVersion } from './views/at-least.ts';
import { customerOrders } from './views/customer-orders.ts';
import { listOrders } from './views/list-orders.ts';

export interface OrderDependencies {
  readonly store: Store<OrderTables>;
  readonly fulfilment: SagaRunner<Fulfilment, OrderTables>;
  readonly backlog: Backlog;
  readonly waitForVersion: WaitForVersion;
}

const status = z.enum(['placed', 'confirmed', 'completed', 'cancelling', 'cancelled', 'needs-attention']);

const placeBody = z
  .object({
    lines: z.array(orderLine).min(1).max(100),
    paymentToken: z.string().min(1).max(200),
    expectedTotal: money
      .optional()
      .describe(
        'The total that the customer was shown; when it has changed, nothing is ordered and the answer is 409',
      ),
  })
  .meta({ examples: [{ lines: [{ sku: 'MUG-1', quantity: 2 }], paymentToken: 'tok_ok' }] });

const accepted = z.object({ orderId: z.string(), status, total: money, href: z.string() });

const summary = z.object({
  orderId: z.string(),
  status,
  total: money,
  placedAt: z.string(),
  href: z.string(),
});

const orderView = z.object({
  orderId: z.string(),
  status,
  lines: z.array(pricedLine),
  total: money,
  cancellation: z.string().optional(),
  reason: z.string().optional(),
  refunded: money,
  settledByHand: z
    .object({ paid: money, refunded: money })
    .optional()
    .describe('Money that changed hands outside of the system, where there is any'),
  refunds: z.array(customerRefund),
  timeline: z.array(z.object({ at: z.string(), what: z.string(), detail: z.string().optional() })),
  correlationId: z.string().optional().describe('Of the request that placed it'),
  trace: z
    .string()
    .optional()
    .describe('For administrators: the address of what followed from that request, for an hour'),
});

const orderId = z.object({ id: z.string().max(100) });

const traceOf = (correlationId: string | undefined, role: Role) => {
  if (correlationId === undefined) return {};
  const trace = `/api/admin/trace/${encodeURIComponent(correlationId)}`;
  return role === 'administrator' ? { correlationId, trace } : { correlationId };
};

const customerReason = { code: 'customer-request', text: 'cancelled by the customer' };

export const orderRoutes =
  ({ store, fulfilment, backlog, waitForVersion }: OrderDependencies): Routes =>
  (server) => {
    const place = store.grouped(placeOrders(fulfilment));

    server.post(
      '/api/orders',
      {
        config: {
          access: 'user',
          problems: {
            409: 'The total has changed; or a request with this Idempotency-Key is in progress',
            422: 'A line cannot be ordered, such as an unknown sku; or the Idempotency-Key was used with another body',
          },
        },
        schema: {
          summary: 'Place an order',
          description: versionNote,
          body: placeBody,
          response: { 202: accepted },
        },
      },
      async (request, reply) => {
        const user = currentUser(request);
        const { userId } = user;
        const key = idempotencyKeyOf(request.headers['idempotency-key']);
        const { body } = request;
        const scope = `${userId} POST /api/orders`;
        const outcome = await place({
          customerId: userId,
          actor: actorOf(user),
          ...body,
          mayBegin: !(await backlog.isFull()),
          ...(key === undefined ? {} : { request: { scope, key, body } }),
        });
        const answer = answerOf(outcome);
        return reply.code(202).headers(answer.headers).send(accepted.parse(answer.body));
      },
    );

    server.get(
      '/api/orders',
      {
        config: { access: 'user' },
        schema: {
          summary: 'Your orders, the newest first',
          querystring: z.object({
            limit: pageLimit(100, 20),
            before: cursor,
            status: status.optional(),
            atLeast,
          }),
          response: { 200: z.object({ orders: z.array(summary), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { userId: customerId } = currentUser(request);
        const { query } = request;
        await waitForVersion(customerOrders, query.atLeast);
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => listOrders(store.db, { ...query, customerId, limit }),
          cursorOf: ({ orderId }) => orderId,
        });
        return { orders: z.array(summary).parse(rows), ...next };
      },
    );

    server.get(
      '/api/orders/:id',
      {
        config: { access: 'user' },
        schema: {
          summary: 'One order with its timeline, now or as it was',
          params: orderId,
          querystring: z.object(pointInTime),
          response: { 200: orderView },
        },
      },
      async (request) => {
        const { userId, role } = currentUser(request);
        const { order: now, stream: all } = await readOrder(store.db, request.params.id);
        if (now.status === 'none' || (now.customerId !== userId && role !== 'administrator'))
          throw notFound();
        const stream = eventsUntilQuery(all, request.query);
        const order = orderOf(stream);
        if (order.status === 'none') throw notFound();
        return {
          orderId: stream.id,
          status: order.status,
          lines: [...order.lines],
          total: order.total,
          ...('cancellation' in order ? { cancellation: order.cancellation } : {}),
          ...('reason' in order ? { reason: order.reason } : {}),
          refunded: refundedOf(order),
          ...viewSettledByHand(order),
          refunds: order.refunds.map(({ refundId, status: of, amount, lines }) => ({
            ...{ refundId, status: of, amount, lines: [...lines] },
          })),
          timeline: stream.events.map(({ event, at }) => timelineEntry(event, at)),
          ...traceOf(stream.events[0]?.cause.correlationId, role),
        };
      },
    );

    server.post(
      '/api/orders/:id/cancel',
      {
        config: { access: 'user', problems: { 409: 'The order is on its way, completed or cancelled' } },
        schema: {
          summary: 'Cancel an order that is not on its way yet',
          description: versionNote,
          params: orderId,
          response: { 202: z.object({ orderId: z.string(), status }) },
        },
      },
      async (request, reply) => {
        const user = currentUser(request);
        const { id } = request.params;
        const outcome = await store.transaction(async ({ tx, now, context, effects }) => {
          const { order } = await readOrder(tx, id);
          if (order.status === 'none' || order.customerId !== user.userId) throw notFound();
          const cause = causeOf(context, actorOf(user));
          const applied = await fulfilment.apply(
            tx,
            id,
            { kind: 'cancel', reason: customerReason },
            now,
            cause,
          );
          if (applied?.transition.kind === 'changed') effects.push(...applied.effects);
          // Read it again under the saga's lock: a deadline or a refusal may have cancelled the order meanwhile.
          const { order: decided } = await readOrder(tx, id);
          if (decided.status === 'none' || !isBeingCancelled(decided)) return undefined;
          return { status: decided.status, headers: (await versionsAfter(tx, [id])).get(id) };
        });
        if (outcome === undefined) {
          throw problem(
            409,
            'too-late',
            'The order is on its way or completed, and can no longer be cancelled.',
          );
        }
        return reply
          .code(202)
          .headers(outcome.headers ?? {})
          .send({ orderId: id, status: outcome.status });
      },
    );
  };

const viewSettledByHand = (order: Parameters<typeof settledByHandOf>[0]) => {
  const settledByHand = settledByHandOf(order);
  const isAny = settledByHand.paid.amount > 0 || settledByHand.refunded.amount > 0;
  return isAny ? { settledByHand } : {};
};

const notFound = () => problem(404, 'not-found', 'There is no such order.');

/** An amount in minor units, with its currency. */
const textOf = ({ amount, currency }: Money): string => `${amount} ${currency}`;

const answerOf = (outcome: Placed): Answer => {
  switch (outcome.kind) {
    case 'refused': {
      throw fieldProblem(422, 'impossible-order', outcome.errors);
    }
    case 'other-total': {
      const { expected: expectedTotal, total } = outcome;
      const detail = `The order now costs ${textOf(total)}, not ${textOf(expectedTotal)}.`;
      throw problem(409, 'other-total', detail, { members: { expectedTotal, total } });
    }
    case 'backlog-full':
      throw problem(503, 'backlog-full', 'Too many orders are in progress; try again shortly.', {
        headers: { 'retry-after': '5' },
      });
    case 'answered':
      return outcome.answer;
    case 'mismatch':
    case 'in-use':
      throw idempotencyProblem(outcome.kind);
  }
};
