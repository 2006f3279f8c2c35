import { decimalAmount, type Money } from '@emporium/contracts';
import type { ShopClient } from '../client.ts';
import { eventually } from '../eventually.ts';
import { checkInvariants } from '../invariants.ts';
import { rebuilt, refunded, timeTravel } from './history-scenarios.ts';
import { paused, resumeLeftOver } from './paused-scenario.ts';
import { place } from './place-order.ts';
import { registeredElsewhere } from './registration-scenario.ts';
import type { DemoContext, DemoReporter, Scenario, SendRegistration } from './scenario.ts';
import { sensorScenarios } from './sensor-scenarios.ts';
import { webhook } from './webhook-scenario.ts';

const products = [
  { sku: 'MUG-1', name: 'Mug', price: { amount: 1_250, currency: 'EUR' } },
  { sku: 'LAMP-7', name: 'Desk lamp', price: { amount: 4_900, currency: 'EUR' } },
  { sku: 'POSTER-3', name: 'Poster, limited', price: { amount: 2_000, currency: 'EUR' } },
];

/**
 * Runs the demo: orders that complete, one as it was at three moments, one declined and compensated, one out of stock, one that
 * is refunded in part, one whose mails fail and are retried, one poison message that is dead-lettered, repaired and replayed, mails
 * that an administrator pauses while an order goes on, a user whom another system registers, a webhook to a third party, a read model
 * that is rebuilt while orders come in, a warehouse that gets too hot. Then it checks that orders, stock, money, points and mails add
 * up. Returns whether every check succeeded.
 */
export const runDemo = async (
  client: ShopClient,
  output: DemoReporter,
  sendRegistration: SendRegistration = sendToStream(client),
): Promise<boolean> => {
  let allPassed = true;
  const reporter: DemoReporter = {
    ...output,
    check: (text, passed, detail) => {
      allPassed &&= passed;
      output.check(text, passed, detail);
    },
  };
  const run = Date.now().toString(36);
  reporter.section('The shop opens');
  const leftOver = new Set((await client.deadLetters()).map(({ id }) => id));
  await resumeLeftOver(client);
  await openShop({ client, reporter });
  const customers = await registerCustomers(client, reporter, run);
  const context: DemoContext = { client, reporter, run, sendRegistration, customers, leftOver };
  const [warehouses, heat] = sensorScenarios();
  const scenarios = [
    ...[warehouses, twoOrders, timeTravel, declined, outOfStock],
    ...[refunded, mailRetried, poison, paused, registeredElsewhere, webhook, rebuilt, heat, summary],
  ];
  for (const scenario of scenarios) await scenario(context);
  return allPassed;
};

/** To the open stream, through the route for messages of third parties: for shops whose broker the demo does not know. */
const sendToStream =
  (client: ShopClient): SendRegistration =>
  async (body) => {
    await client.asAdmin('POST', '/api/admin/messages', { subscription: 'bridge.user-registrations', body });
    return 'on the open stream user_registrations';
  };

const openShop = async ({ client, reporter }: Pick<DemoContext, 'client' | 'reporter'>): Promise<void> => {
  for (const product of products) await client.stock(product, product.sku === 'POSTER-3' ? 3 : 100);
  // A data folder of a release without loyalty has orders that earned nothing yet.
  await client.backfill('order', 'loyalty.orders');
  const skus = products.map(({ sku }) => sku);
  const listed = await eventually(
    'the products are listed',
    () => client.products(),
    (all) => skus.every((sku) => all.some((product) => product.sku === sku)),
  );
  for (const { name, price, available } of listed.filter(({ sku }) => skus.includes(sku))) {
    reporter.info(`${name}: ${formatMoney(price)}, ${available} in stock`);
  }
};

const registerCustomers = async (client: ShopClient, reporter: DemoReporter, run: string) => {
  const ada = await client.register('Ada', `ada.${run}@example.com`);
  const grace = await client.register('Grace', `grace.${run}@example.com`);
  reporter.info(
    'Ada and Grace register: user-registration publishes user.registered, and email writes to both',
  );
  for (const { email } of [ada, grace]) {
    await eventually(
      'the welcome mail arrives',
      () => client.mails(email),
      (mails) => mails.length > 0,
    );
  }
  reporter.check('both have their welcome mail', true);
  return { ada, grace };
};

const twoOrders: Scenario = async (context) => {
  const { client, reporter, customers } = context;
  reporter.section('Two orders go all the way');
  const mug = await place(context, customers.ada, 'MUG-1', 2, 'tok_ok');
  const lamp = await place(context, customers.grace, 'LAMP-7', 1, 'tok_visa');
  reporter.info('reserve stock → authorise payment → dispatch → sell the stock → capture');
  for (const [customer, orderId] of [
    [customers.ada, mug],
    [customers.grace, lamp],
  ] as const) {
    const order = await client.settled(customer, orderId);
    reporter.timeline(order);
    reporter.check(`${customer.name}'s order is completed`, order.status === 'completed', order.status);
  }
};

const declined: Scenario = async (context) => {
  const { client, reporter, customers } = context;
  reporter.section('A payment is declined, and the saga compensates');
  const order = await client.settled(
    customers.grace,
    await place(context, customers.grace, 'LAMP-7', 2, 'tok_declined'),
  );
  reporter.timeline(order);
  reporter.check('the order is cancelled', order.status === 'cancelled', order.status);
  reporter.check(
    'its stock was released',
    order.timeline.some(({ what }) => what === 'stock released'),
  );
};

const outOfStock: Scenario = async (context) => {
  const { client, reporter, customers } = context;
  reporter.section('An order for more than is in stock');
  const order = await client.settled(
    customers.ada,
    await place(context, customers.ada, 'POSTER-3', 50, 'tok_ok'),
  );
  reporter.timeline(order);
  reporter.check(
    'the order is cancelled for lack of stock',
    order.cancellation === 'out-of-stock',
    order.cancellation,
  );
};

const mailRetried: Scenario = async (context) => {
  const { client, reporter, run } = context;
  reporter.section('The mail server says "try again later", and email does');
  const linus = await client.register('Linus', `linus.${run}@example.com`);
  await eventually(
    'the welcome mail arrives',
    () => client.mails(linus.email),
    (mails) => mails.length > 0,
  );
  await client.failMail(linus.email, 451, 2);
  const order = await client.settled(linus, await place(context, linus, 'MUG-1', 1, 'tok_ok'));
  reporter.info(`the order is ${order.status}; its mails are refused twice, and retried with backoff`);
  const mails = await eventually(
    'the mails arrive',
    () => client.mails(linus.email),
    (all) => all.length >= 4,
    60_000,
  );
  for (const { subject } of mails.toReversed()) reporter.info(`✉ ${subject}`);
  reporter.check('every mail arrived, each once', mails.length === 4, `${mails.length} mails`);
};

const poison: Scenario = async (context) => {
  const { client, reporter, run } = context;
  reporter.section('A poison message is dead-lettered, repaired and replayed');
  const broken = { userId: uuidv7(), name: 'Barbara', email: `barbara.${run}(at)example.com` };
  const id = uuidv7();
  await client.asAdmin('POST', '/api/admin/messages', {
    subscription: 'email.welcome',
    body: envelope(id, broken),
  });
  reporter.info('a third party publishes user.registered with an invalid address');
  const [deadLetter] = await eventually(
    'it is a dead letter',
    () => client.deadLetters('status=open&subscription=email.welcome'),
    (deadLetters) => deadLetters.some(({ messageId }) => messageId === id),
  ).then((deadLetters) => deadLetters.filter(({ messageId }) => messageId === id));
  reporter.info(`dead letter: ${deadLetter?.reason.code}: ${deadLetter?.reason.message}`);
  reporter.check('the reason names the field', deadLetter?.reason.message.includes('data.email') === true);
  const email = `barbara.${run}@example.com`;
  await client.asAdmin('POST', `/api/admin/dead-letters/${deadLetter?.id}/replay`, {
    body: envelope(id, { ...broken, email }),
  });
  reporter.info('an administrator corrects the address, and replays it to that subscription only');
  const mails = await eventually(
    'the welcome mail arrives',
    () => client.mails(email),
    (all) => all.length > 0,
  );
  reporter.check('Barbara has her welcome mail', mails.length === 1, `${mails.length} mails`);
};

const summary: Scenario = async ({ client, reporter, leftOver }) => {
  reporter.section('Does it all add up?');
  for (const { name, checked, violations } of await checkInvariants(client)) {
    reporter.check(`${name} (${checked})`, violations.length === 0, violations.slice(0, 5).join('; '));
  }
  const open = (await client.deadLetters()).filter(({ id }) => !leftOver.has(id));
  if (leftOver.size > 0) reporter.info(`${leftOver.size} dead letters were open before this run`);
  reporter.check('no dead letter is left open', open.length === 0, `${open.length} open`);
};

const envelope = (id: string, data: Readonly<Record<'userId' | 'name' | 'email', string>>) => ({
  specversion: '1.0',
  id,
  source: '/crm',
  type: 'user.registered',
  time: new Date().toISOString(),
  subject: data.userId,
  datacontenttype: 'application/json',
  data,
});

/** A UUIDv7 of the current time. */
const uuidv7 = (): string => {
  const time = Date.now().toString(16).padStart(12, '0');
  const random = crypto.randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
};

const formatMoney = (price: Money): string => `${decimalAmount(price)} ${price.currency}`;
