import type { Transport, TransportMessage } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { currentUser, fieldProblem, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import { recordIntent, recordOutcome } from '../store/audit.ts';
import type { Tables } from '../store/tables.ts';
import { refusedByBroker } from './problems.ts';

const messageBody = z
  .object({
    subscription: z.string().min(1).max(200),
    body: z.unknown().optional(),
    base64: z.base64().optional(),
  })
  .refine(({ body, base64 }) => (body === undefined) !== (base64 === undefined), {
    path: ['body'],
    message: 'must be given for JSON, or base64 for other bytes, but not both',
  })
  .meta({
    oneOf: [{ required: ['body'] }, { required: ['base64'] }],
    examples: [{ subscription: 'email.customers', body: { any: 'JSON' } }],
  });

/** The attributes of an envelope that are usable; the others are replaced. */
const partialEnvelope = z.object({
  id: z.string().min(1).max(200).optional().catch(undefined),
  type: z.string().min(1).max(200).optional().catch(undefined),
  subject: z.string().min(1).max(200).optional().catch(undefined),
});

export const messageRoutes =
  (store: Store<Tables>, sendTo: Transport['sendTo']): Routes =>
  (server) => {
    server.post(
      '/api/admin/messages',
      {
        config: { access: 'administrator', problems: { 422: 'There is no such subscription' } },
        schema: {
          summary: 'Send a message to one subscription, without validation',
          body: messageBody,
          response: { 202: z.object({ messageId: z.string(), subscription: z.string() }) },
        },
      },
      async (request, reply) => {
        const subscription = shop.subscription(request.body.subscription);
        if (subscription === undefined) {
          throw fieldProblem(422, 'no-subscription', [
            { field: 'subscription', message: 'is not one of the shop' },
          ]);
        }
        const message = messageOf(request.body);
        const { userId } = currentUser(request);
        const details = { messageId: message.id, type: message.type, size: message.body.byteLength };
        const action = { userId, action: 'message.send', target: subscription.name, details };
        const auditId = await store.transaction(({ tx, now }) => recordIntent(tx, action, now));
        const result = await sendTo(subscription, message);
        const isAccepted = result.status === 'accepted';
        await store.transaction(({ tx }) => recordOutcome(tx, auditId, isAccepted ? 'done' : 'refused'));
        if (result.status === 'refused') throw refusedByBroker(result.error.message);
        return reply.code(202).send({ messageId: message.id, subscription: subscription.name });
      },
    );
  };

const messageOf = ({ body, base64 }: z.output<typeof messageBody>): TransportMessage => {
  const bytes =
    base64 === undefined ? new TextEncoder().encode(JSON.stringify(body)) : Buffer.from(base64, 'base64');
  const envelope = partialEnvelope.safeParse(body);
  const { id = uuid(), type = 'unknown', subject = id } = envelope.success ? envelope.data : {};
  return { id, type, key: subject, body: bytes };
};
