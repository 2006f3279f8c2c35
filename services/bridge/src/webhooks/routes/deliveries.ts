import {
  currentUser,
  cursor,
  nextPage,
  pageLimit,
  type Routes,
  readPage,
  rfc3339Time,
} from '@emporium/service';
import { z } from 'zod';
import { recordChange } from '../store/changes.ts';
import {
  attemptsOf,
  findDelivery,
  listDeliveries,
  resendDeliveries,
  resendDelivery,
} from '../store/deliveries.ts';
import { findWebhook, lockWebhook } from '../store/webhooks.ts';
import type { WebhookRouteOptions } from './options.ts';
import { inProgress, isDisabled, noDelivery, noSuchEntry, noWebhook } from './problems.ts';
import { config, deliveryParams, params, status, withConflict } from './schemas.ts';
import { attemptView, deliveryView, viewAttempt, viewDelivery } from './views.ts';

/** The most deliveries that one request sends again. */
const maxResent = 10_000;

/** Lists deliveries with their attempts, and sends them again. */
export const deliveryRoutes =
  ({ store, clock }: Pick<WebhookRouteOptions, 'store' | 'clock'>): Routes =>
  (server) => {
    const found = async (id: string) => {
      const delivery = await findDelivery(store.db, id);
      if (delivery === undefined) throw noDelivery();
      return delivery;
    };

    server.get(
      '/api/admin/webhooks/:id/deliveries',
      {
        config,
        schema: {
          summary: 'List deliveries of a webhook, newest first',
          params,
          querystring: z.object({ status: status.optional(), before: cursor, limit: pageLimit(500, 50) }),
          response: { 200: z.object({ deliveries: z.array(deliveryView), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { id } = request.params;
        if ((await findWebhook(store.db, id)) === undefined) throw noWebhook();
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => listDeliveries(store.db, { ...query, webhookId: id, limit }),
          cursorOf: (delivery) => delivery.id,
        });
        return { deliveries: rows.map(viewDelivery), ...next };
      },
    );

    server.get(
      '/api/admin/webhooks/deliveries/:deliveryId',
      {
        config,
        schema: {
          summary: 'Get a delivery with its attempts and its payload',
          params: deliveryParams,
          response: {
            200: deliveryView.extend({ history: z.array(attemptView), payload: z.unknown() }),
          },
        },
      },
      async ({ params: { deliveryId } }) => {
        const delivery = await found(deliveryId);
        const attempts = await attemptsOf(store.db, deliveryId);
        const payload: unknown = JSON.parse(delivery.body.toString());
        return { ...viewDelivery(delivery), history: attempts.map(viewAttempt), payload };
      },
    );

    server.post(
      '/api/admin/webhooks/deliveries/:deliveryId/resend',
      {
        config: withConflict,
        schema: {
          summary: 'Send a delivery again, under the same webhook-id',
          params: deliveryParams,
          response: { 200: deliveryView },
        },
      },
      async (request) => {
        const { deliveryId } = request.params;
        const { userId } = currentUser(request);
        const { webhook_id: webhookId } = await found(deliveryId);
        await store.transaction(async ({ tx }) => {
          const now = clock();
          const webhook = await lockWebhook(tx, webhookId);
          if (webhook === undefined) throw noWebhook();
          if (!webhook.enabled) throw isDisabled();
          if ((await resendDelivery(tx, deliveryId, now)) === 'in-progress') throw inProgress();
          const details = { delivery: deliveryId };
          await recordChange(tx, { webhookId, userId, action: 'deliveries-resent', details }, now);
        });
        return viewDelivery(await found(deliveryId));
      },
    );

    server.post(
      '/api/admin/webhooks/:id/resend',
      {
        config: withConflict,
        schema: {
          summary: 'Send many deliveries again, the oldest first',
          params,
          body: z.object({
            since: rfc3339Time,
            status: z.enum(['failed', 'delivered']).default('failed'),
            after: cursor,
          }),
          response: {
            200: z.object({
              resent: z.int(),
              /** There may be more: repeat the request with `next` as `after`. */
              isLimited: z.boolean(),
              next: z.string().optional(),
            }),
          },
        },
      },
      async (request) => {
        const { body } = request;
        const { id } = request.params;
        const { userId } = currentUser(request);
        const { count, last } = await store.transaction(async ({ tx }) => {
          const now = clock();
          const webhook = await lockWebhook(tx, id);
          if (webhook === undefined) throw noWebhook();
          if (!webhook.enabled) throw isDisabled();
          if (body.after !== undefined && (await findDelivery(tx, body.after))?.webhook_id !== id)
            throw noSuchEntry();
          const resent = await resendDeliveries(tx, { ...body, webhookId: id, limit: maxResent }, now);
          const { status, after, since } = body;
          const details = { status, since: since.toISOString(), after, resent: resent.count };
          await recordChange(tx, { webhookId: id, userId, action: 'deliveries-resent', details }, now);
          return resent;
        });
        const isLimited = count === maxResent;
        return { resent: count, isLimited, ...(isLimited ? { next: last } : {}) };
      },
    );
  };
