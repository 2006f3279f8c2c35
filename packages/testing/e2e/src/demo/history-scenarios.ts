import { decimalAmount } from '@emporium/contracts';
import { eventually } from '../eventually.ts';
import type { OrderSummary } from '../views.ts';
import { place } from './place-order.ts';
import type { Scenario } from './scenario.ts';

/** An order as it was, from its events. */
export const timeTravel: Scenario = async (context) => {
  const { client, reporter, customers } = context;
  const { ada } = customers;
  reporter.section('An order as it was at three moments');
  const { orderId } = await client.settled(ada, await place(context, ada, 'MUG-1', 1, 'tok_ok'));
  const { events } = await client.history(ada, orderId);
  const moments = ['placed', 'confirmed', 'completed'];
  const statuses: string[] = [];
  for (const moment of moments) {
    const event = events.find(({ type }) => type === moment);
    const then = await client.orderAt(ada, orderId, event?.version ?? 0);
    statuses.push(then.status);
    const { kind = 'nobody' } = event?.actor ?? {};
    reporter.info(
      `version ${event?.version}: ${then.status}, after ${then.timeline.length} events; the last one by the ${kind}`,
    );
  }
  reporter.check('each version is the order as it was', statuses.join() === moments.join(), statuses.join());
};

/** One of two lamps is sent back. */
export const refunded: Scenario = async (context) => {
  const { client, reporter, customers } = context;
  const { grace } = customers;
  reporter.section('One of two lamps comes back, and is refunded');
  const order = await client.settled(grace, await place(context, grace, 'LAMP-7', 2, 'tok_ok'));
  const { orderId } = order;
  const earned = await eventually(
    'the order has earned its points',
    () => client.loyalty(grace),
    ({ entries }) => entries.some((entry) => entry.orderId === orderId),
  );
  const lines = [{ sku: 'LAMP-7', quantity: 1 }];
  const { status } = await client.refund(orderId, { lines, restock: true, reason: 'one lamp came back' });
  reporter.check('the refund is accepted', status === 202, String(status));
  const [refund] = await eventually(
    'the money is paid back',
    () => client.refunds(orderId),
    (refunds) => refunds.some((each) => each.status === 'refunded'),
  );
  if (refund !== undefined)
    reporter.info(
      `refund the payment → return the stock: ${decimalAmount(refund.amount)} ${refund.amount.currency}`,
    );
  const mails = await eventually(
    'the mail about the refund arrives',
    async () => (await client.mails(grace.email)).filter(({ subject }) => subject.includes('refund')),
    (all) => all.length > 0,
  );
  for (const { subject } of mails) reporter.info(`✉ ${subject}`);
  reporter.check('and its customer has one mail about it', mails.length === 1, `${mails.length} mails`);
  const left = await eventually(
    'its points are taken back',
    () => client.loyalty(grace),
    ({ entries }) => entries.some((entry) => entry.orderId === orderId && entry.kind === 'taken-back'),
  );
  reporter.info(`loyalty: ${earned.points} points before it, ${left.points} after it`);
  reporter.check('the points of one lamp are left', earned.points - left.points === 49, String(left.points));
};

const orders = 12;

/** A read model is rebuilt beside the live one, while orders come in. */
export const rebuilt: Scenario = async (context) => {
  const { client, reporter, customers } = context;
  const { ada } = customers;
  reporter.section('A read model is rebuilt while orders come in');
  const before = await client.projection('customer-orders');
  const placing = Array.from({ length: orders }, () => place(context, ada, 'MUG-1', 1, 'tok_ok'));
  await client.rebuildProjection('customer-orders');
  const placed = await Promise.all(placing);
  const after = await eventually(
    'the new tables are live',
    () => client.projection('customer-orders'),
    ({ builtAt, build }) => builtAt !== undefined && builtAt !== before.builtAt && build === undefined,
  );
  reporter.info(`customer-orders was built beside the live tables, and replaced them at ${after.builtAt}`);
  await Promise.all(placed.map((orderId) => client.settled(ada, orderId)));
  const listed = await eventually(
    'every order is listed as completed',
    () => client.ordersOf(ada),
    (all) => placed.every((orderId) => isCompleted(all, orderId)),
  );
  const ids = listed.map(({ orderId }) => orderId);
  reporter.check(
    `each of the ${orders} orders is listed once`,
    new Set(ids).size === ids.length && placed.every((orderId) => ids.includes(orderId)),
  );
};

const isCompleted = (all: readonly OrderSummary[], id: string): boolean =>
  all.some(({ orderId, status }) => orderId === id && status === 'completed');
