import type { ShopClient } from '../client.ts';
import { eventually } from '../eventually.ts';
import { place } from './place-order.ts';
import type { DemoContext, Scenario } from './scenario.ts';

const subscription = 'email.orders';
const reason = 'the demo pauses it for a moment';

/** The mails about an order wait while an administrator has paused them, and the order does not. */
export const paused: Scenario = async (context) => {
  const { client, reporter } = context;
  reporter.section('An administrator pauses the mails about orders, and orders go on');
  await client.pauseSubscription(subscription, reason);
  let orderId: string;
  try {
    orderId = await orderMeanwhile(context);
  } finally {
    await client.resumeSubscription(subscription, 'the demo goes on');
  }
  reporter.info(`${subscription} is resumed`);
  const mails = await eventually(
    'the mails about the order arrive',
    () => mailsAbout(context, orderId),
    (all) => all.length >= 3,
  );
  for (const { subject } of mails.toReversed()) reporter.info(`✉ ${subject}`);
  const isOnce = mails.length === 3 && mails.every(({ deliveries }) => deliveries === 1);
  reporter.check('every mail arrived, each once', isOnce, `${mails.length} mails`);
};

/** Resumes what an interrupted run has left paused. */
export const resumeLeftOver = async (client: ShopClient): Promise<void> => {
  const left = await client.subscription(subscription);
  if (left.state === 'paused' && left.reason === reason)
    await client.resumeSubscription(subscription, 'an interrupted demo left it paused');
};

const orderMeanwhile = async (context: DemoContext): Promise<string> => {
  const { client, reporter, customers } = context;
  await eventually(
    'email has paused it',
    () => client.status(),
    ({ paused: all }) => all.some((each) => each.subscription === subscription),
  );
  reporter.info(`email takes no message of ${subscription} any more, until it is resumed`);
  const order = await client.settled(
    customers.ada,
    await place(context, customers.ada, 'MUG-1', 1, 'tok_ok'),
  );
  reporter.check(`Ada's order is completed meanwhile`, order.status === 'completed', order.status);
  const sent = await mailsAbout(context, order.orderId);
  reporter.check('its mails wait', sent.length === 0, `${sent.length} mails`);
  return order.orderId;
};

const mailsAbout = async ({ client, customers }: DemoContext, orderId: string) =>
  (await client.mails(customers.ada.email)).filter(({ text }) => text.includes(orderId));
