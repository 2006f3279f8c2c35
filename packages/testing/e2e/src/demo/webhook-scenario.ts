import { eventually } from '../eventually.ts';
import { place } from './place-order.ts';
import type { DemoContext, Scenario } from './scenario.ts';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

/** A third party on this machine hears of a completed order. */
export const webhook: Scenario = async (context) => {
  context.reporter.section('A third party hears of a completed order by webhook');
  const receiver = await startWebhookReceiver();
  try {
    await receiveOrder(context, receiver);
  } finally {
    await receiver.close();
  }
};

interface Registered {
  readonly id: string;
  readonly secret: string;
}

const receiveOrder = async (context: DemoContext, receiver: WebhookReceiver): Promise<void> => {
  const { client, reporter, customers } = context;
  const registered = await register(context, receiver.url);
  if (registered === undefined) return;
  const { id, secret } = registered;
  try {
    reporter.info(`${receiver.url} is registered for order.completed, and has its secret`);
    const { orderId } = await client.settled(
      customers.ada,
      await place(context, customers.ada, 'MUG-1', 1, 'tok_ok'),
    );
    const ofOrder = ({ payload }: WebhookReceiver['received'][number]) => payload.data['orderId'] === orderId;
    const received = await eventually(
      'the webhook arrives',
      async () => receiver.received.filter(ofOrder),
      (all) => all.length > 0,
    );
    const [first] = received;
    reporter.info(`POST ${first?.payload.type}, webhook-id ${first?.id}`);
    reporter.info(`webhook-signature ${first?.signature}`);
    reporter.check('it is signed with the secret', first?.isSignedWith(secret) === true);
    const { deliveries } = await eventually(
      'the delivery is recorded',
      () =>
        client.asAdmin<{ deliveries: readonly Delivery[] }>('GET', `/api/admin/webhooks/${id}/deliveries`),
      (list) => list.deliveries.some((each) => each.id === first?.id && each.status !== 'pending'),
    );
    const delivery = deliveries.find((each) => each.id === first?.id);
    reporter.check(
      `it arrived once, and was answered ${delivery?.lastStatus}`,
      received.length === 1 && delivery?.status === 'delivered' && delivery.attempts === 1,
      `${received.length} requests, ${delivery?.status}`,
    );
  } finally {
    await client.asAdmin('DELETE', `/api/admin/webhooks/${id}`);
  }
};

interface Delivery {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly lastStatus?: number;
}

/** Undefined where the shop sends nothing to private addresses, as in compose and in production. */
const register = async ({ client, reporter }: DemoContext, url: string): Promise<Registered | undefined> => {
  const token = await client.adminLogin();
  const body = { url, events: ['order.completed'], description: 'the demo' };
  const answer = await client.http.request<Registered & { detail?: string }>('POST', '/api/admin/webhooks', {
    token,
    body,
  });
  if (answer.status === 201) return answer.body;
  reporter.check('the shop refuses a private address', answer.status === 422, answer.body.detail);
  reporter.info('This shop sends webhooks to public addresses only, and so not to this machine: skipped.');
  return undefined;
};
