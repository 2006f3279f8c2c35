import { currentUser, type Routes } from '@emporium/service';
import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import type { AttemptResult } from '../sending/sender.ts';
import { recordChange } from '../store/changes.ts';
import { findReceiver } from '../store/webhooks.ts';
import type { WebhookRouteOptions } from './options.ts';
import { noWebhook } from './problems.ts';
import { config, params } from './schemas.ts';
import { attemptView } from './views.ts';

/** Less than the gateway waits for an answer, in milliseconds. */
const timeoutMs = 10_000;

const type = 'webhook.test';

/** Sends a test event at once, also to a disabled webhook, and answers with what came of it. Nothing is retried. */
export const testRoutes =
  ({ store, sender, clock }: Pick<WebhookRouteOptions, 'store' | 'sender' | 'clock'>): Routes =>
  (server) => {
    server.post(
      '/api/admin/webhooks/:id/test',
      {
        config,
        schema: {
          summary: `Send a ${type} event now, and answer with the outcome`,
          params,
          response: {
            200: attemptView.extend({ webhookId: z.string(), outcome: z.enum(['delivered', 'failed']) }),
          },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { userId } = currentUser(request);
        const webhook = await findReceiver(store.db, id);
        if (webhook === undefined) throw noWebhook();
        const { url, secret, previous_secret: previous, previous_secret_until: until } = webhook;
        const isRotating = previous !== null && until !== null && until > clock();
        const timestamp = clock().toISOString();
        const result = await sender.send({
          url,
          id: uuid(),
          body: Buffer.from(JSON.stringify({ type, timestamp, data: { webhookId: id } })),
          secrets: isRotating ? [secret, previous] : [secret],
          signal: neverAborted,
          timeoutMs,
        });
        const details = { outcome: result.outcome.kind };
        await store.transaction(({ tx }) =>
          recordChange(tx, { webhookId: id, userId, action: 'tested', details }, clock()),
        );
        return { webhookId: id, ...view(result) };
      },
    );
  };

const neverAborted = new AbortController().signal;

const view = ({ startedAt, durationMs, outcome, snippet }: AttemptResult) => ({
  at: startedAt.toISOString(),
  durationMs,
  outcome: outcome.kind,
  ...(outcome.status === undefined ? {} : { status: outcome.status }),
  ...(outcome.kind === 'failed' ? { reason: outcome.reason } : {}),
  ...(snippet === undefined ? {} : { snippet }),
});
