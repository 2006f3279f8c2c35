import { causeOf } from '@emporium/bus';
import { isCurrency, money, orderLine } from '@emporium/contracts';
import type { SagaRunner } from '@emporium/saga';
import {
  actorOf,
  currentUser,
  cursor,
  fieldProblem,
  type HttpRequest,
  nextPage,
  pageLimit,
  plainText,
  problem,
  type Routes,
  readPage,
} from '@emporium/service';
import { type Answer, idempotent, type Store, type Tx } from '@emporium/store';
import { z } from 'zod';
import type { OrderRefusal } from './domain/order.ts';
import { type RequestedRefund, refundedOf } from './domain/refunds.ts';
import { idempotencyKeyOf, idempotencyProblem } from './idempotency.ts';
import type { RefundSubject } from './refund-saga.ts';
import { refundStatus, refundView, viewRefunds } from './refund-views.ts';
import { requestRefund } from './request-refund.ts';
import { resume } from './resume.ts';
import { readOrder } from './store/orders.ts';
import type { OrderTables } from './store/tables.ts';
import { versionNote, versionsAfter } from './views/at-least.ts';

interface RefundDependencies {
  readonly store: Store<OrderTables>;
  readonly refunds: SagaRunner<RefundSubject, OrderTables>;
}

const access = 'administrator';
const id = z.string().max(100);
const params = z.object({ id });
const refundParams = z.object({ id, refundId: id });

const requestBody = z
  .object({
    lines: z.array(orderLine).min(1).max(100).optional().describe('Pieces, at their price in the order'),
    amount: money
      .extend({
        amount: money.shape.amount.min(1),
        currency: money.shape.currency.refine(isCurrency, 'must be a currency of ISO 4217'),
      })
      .optional()
      .describe('Instead of `lines`'),
    restock: z.boolean().optional().describe('Whether the pieces come back into the stock'),
    reason: plainText(500),
  })
  .meta({ examples: [{ lines: [{ sku: 'MUG-1', quantity: 1 }], restock: true, reason: 'broken handle' }] });

const requested = z.object({
  orderId: z.string(),
  refundId: z.string(),
  status: refundStatus,
  amount: money,
  href: z.string(),
});

const waiting = z.object({
  orderId: z.string(),
  refundId: z.string(),
  amount: money,
  step: z.string(),
  reason: z.string(),
  href: z.string(),
});

export const refundRoutes =
  ({ store, refunds }: RefundDependencies): Routes =>
  (server) => {
    server.post(
      '/api/admin/orders/:id/refunds',
      {
        config: {
          access,
          problems: {
            409: 'The order is not completed; or a request with this Idempotency-Key is in progress',
            422: 'More than what is left, another currency, or lines that are not in the order; or the Idempotency-Key was used with another body',
          },
        },
        schema: {
          summary: 'Refund lines of a completed order, or an amount',
          description: versionNote,
          params,
          body: requestBody,
          response: { 202: requested },
        },
      },
      async (request, reply) => {
        const { id: orderId } = request.params;
        const actor = actorOf(currentUser(request));
        const refund = { ...requestOf(request.body), orderId, actor };
        const answer = await store.transaction((work) =>
          once(work.tx, request, orderId, async () => {
            const outcome = await requestRefund(refunds, work, refund);
            if (outcome.kind === 'refused') throw problemOf(outcome.refusal);
            const { refundId, amount } = outcome;
            const href = hrefOf(orderId, refundId);
            const body = { orderId, refundId, status: 'in-progress', amount, href };
            const version = (await versionsAfter(work.tx, [orderId])).get(orderId);
            return { status: 202, headers: { location: href, ...version }, body };
          }),
        );
        return reply.code(202).headers(answer.headers).send(requested.parse(answer.body));
      },
    );

    server.get(
      '/api/admin/orders/:id/refunds',
      {
        config: { access },
        schema: {
          summary: 'The refunds of an order, the oldest first',
          params,
          response: {
            200: z.object({
              orderId: z.string(),
              total: money,
              refunded: money,
              refunds: z.array(refundView),
            }),
          },
        },
      },
      async (request) => {
        const { order, stream } = await readOrder(store.db, request.params.id);
        if (order.status === 'none') throw unknownOrder();
        const { total } = order;
        return {
          orderId: stream.id,
          total,
          refunded: refundedOf(order),
          refunds: viewRefunds(order, stream),
        };
      },
    );

    server.get(
      '/api/admin/orders/:id/refunds/:refundId',
      {
        config: { access },
        schema: { summary: 'One refund of an order', params: refundParams, response: { 200: refundView } },
      },
      async (request) => {
        const { id: orderId, refundId } = request.params;
        const { order, stream } = await readOrder(store.db, orderId);
        const found =
          order.status === 'none'
            ? undefined
            : viewRefunds(order, stream).find((each) => each.refundId === refundId);
        if (found === undefined) throw unknownRefund();
        return found;
      },
    );

    server.post(
      '/api/admin/orders/:id/refunds/:refundId/resume',
      {
        config: { access, problems: { 409: 'The refund is not parked, or nothing can be retried' } },
        schema: {
          summary: 'Resume a parked refund',
          deprecated: true,
          description: `Deprecated: use /api/admin/sagas/:id/retry. ${versionNote}`,
          params: refundParams,
          response: { 202: z.object({ orderId: z.string(), refundId: z.string() }) },
        },
      },
      async (request, reply) => {
        const { id: orderId, refundId } = request.params;
        const user = currentUser(request);
        const version = await store.transaction(async ({ tx, now, context, effects }) => {
          const { order } = await readOrder(tx, orderId);
          const isKnown = order.status !== 'none' && order.refunds.some((each) => each.refundId === refundId);
          const who = { by: user.userId, cause: causeOf(context, actorOf(user)) };
          const applied = isKnown ? await resume(refunds, { tx, now }, refundId, who) : undefined;
          if (applied === undefined) throw unknownRefund();
          if (applied.transition.kind === 'ignored')
            throw problem(409, 'not-parked', 'The refund is not parked.');
          effects.push(...applied.effects);
          return (await versionsAfter(tx, [orderId])).get(orderId);
        });
        return reply
          .code(202)
          .headers(version ?? {})
          .send({ orderId, refundId });
      },
    );

    server.get(
      '/api/admin/refunds',
      {
        config: { access },
        schema: {
          summary: 'The refunds that are parked, of all orders, the newest first',
          querystring: z.object({ limit: pageLimit(1_000, 50), before: cursor }),
          response: { 200: z.object({ refunds: z.array(waiting), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => refunds.listParked({ ...query, limit }),
          cursorOf: (saga) => saga.id,
        });
        const parked = rows.map(({ id: refundId, subject: { orderId, amount }, parked: at }) => {
          const { step = '', reason = '' } = at ?? {};
          return { orderId, refundId, amount, step, reason, href: hrefOf(orderId, refundId) };
        });
        return { refunds: parked, ...next };
      },
    );
  };

const hrefOf = (orderId: string, refundId: string): string =>
  `/api/admin/orders/${orderId}/refunds/${refundId}`;

/** Lines or an amount: one of them, and only lines have pieces that come back. */
const requestOf = ({ lines, amount, restock, reason }: z.output<typeof requestBody>): RequestedRefund => {
  if (lines !== undefined && amount === undefined)
    return { refund: { kind: 'lines', lines, restock: restock === true }, reason };
  if (amount !== undefined && lines === undefined && restock !== true)
    return { refund: { kind: 'amount', amount }, reason };
  const error =
    amount === undefined
      ? { field: 'lines', message: 'is required, or an amount' }
      : lines === undefined
        ? { field: 'restock', message: 'needs lines: an amount has no pieces that come back' }
        : { field: 'amount', message: 'must be left out where there are lines' };
  throw fieldProblem(400, 'invalid-request', [error]);
};

/** With an `Idempotency-Key`, a repeated request gets the first response again. */
const once = async (
  tx: Tx<OrderTables>,
  request: HttpRequest,
  orderId: string,
  work: () => Promise<Answer>,
): Promise<Answer> => {
  const key = idempotencyKeyOf(request.headers['idempotency-key']);
  if (key === undefined) return work();
  const scope = `${currentUser(request).userId} POST /api/admin/orders/${orderId}/refunds`;
  const outcome = await idempotent(tx, { scope, key, body: request.body }, work);
  if (outcome.kind !== 'answered') throw idempotencyProblem(outcome.kind);
  return outcome.answer;
};

const problemOf = (refusal: OrderRefusal) => {
  if (typeof refusal === 'string' || refusal.refusal === 'unknown-refund') return unknownOrder();
  if (refusal.refusal === 'impossible-refund') return fieldProblem(422, 'impossible-refund', refusal.errors);
  const message = `is an order that is ${refusal.status}: only a completed one can be refunded`;
  return fieldProblem(409, 'not-completed', [{ field: 'id', message }]);
};

const unknownOrder = () => problem(404, 'not-found', 'There is no such order.');
const unknownRefund = () => problem(404, 'not-found', 'There is no such refund of this order.');
