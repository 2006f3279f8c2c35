import { decimalAmount, type Money } from '@emporium/contracts';
import type { Chapter, StoryContext, Teller } from './chapter.ts';
import { type Customer, eventually, type ShopClient } from './client.ts';
import { UnexpectedAnswer } from './http.ts';
import { checkInvariants } from './invariants.ts';
import { sensorChapters } from './sensor-chapters.ts';

const products = [
  { sku: 'MUG-1', name: 'Mug', price: { amount: 1_250, currency: 'EUR' } },
  { sku: 'LAMP-7', name: 'Desk lamp', price: { amount: 4_900, currency: 'EUR' } },
  { sku: 'POSTER-3', name: 'Poster, limited', price: { amount: 2_000, currency: 'EUR' } },
];

/**
 * Tells what the shop does, on real input: orders that complete, one declined and compensated, one out of stock, one whose
 * mail fails and is retried, one poison message that is dead-lettered, repaired and replayed, a warehouse that gets too hot; then
 * checks that orders, stock, money and mails add up. Gives whether every check held.
 */
export const tellStory = async (client: ShopClient, teller: Teller): Promise<boolean> => {
  let allHold = true;
  const listening: Teller = {
    ...teller,
    check: (text, holds, detail) => {
      allHold &&= holds;
      teller.check(text, holds, detail);
    },
  };
  const run = Date.now().toString(36);
  listening.chapter('The shop opens');
  const leftOver = new Set((await client.deadLetters()).map(({ id }) => id));
  await openShop({ client, teller: listening });
  const customers = await registerCustomers(client, listening, run);
  const context: StoryContext = { client, teller: listening, run, customers, leftOver };
  const [warehouses, heat] = sensorChapters();
  for (const chapter of [warehouses, twoOrders, declined, outOfStock, mailRetried, poison, heat, summary])
    await chapter(context);
  return allHold;
};

const openShop = async ({ client, teller }: Pick<StoryContext, 'client' | 'teller'>): Promise<void> => {
  for (const product of products) await client.stock(product, product.sku === 'POSTER-3' ? 3 : 100);
  const skus = products.map(({ sku }) => sku);
  const listed = await eventually(
    'the products are listed',
    () => client.products(),
    (all) => skus.every((sku) => all.some((product) => product.sku === sku)),
  );
  for (const { name, price, available } of listed.filter(({ sku }) => skus.includes(sku))) {
    teller.say(`${name}: ${formatMoney(price)}, ${available} in stock`);
  }
};

const registerCustomers = async (client: ShopClient, teller: Teller, run: string) => {
  const ada = await client.register('Ada', `ada.${run}@example.com`);
  const grace = await client.register('Grace', `grace.${run}@example.com`);
  teller.say('Ada and Grace register: user-registration publishes user.registered, and email writes to both');
  for (const { email } of [ada, grace]) {
    await eventually(
      'the welcome mail is there',
      () => client.mails(email),
      (mails) => mails.length > 0,
    );
  }
  teller.check('both have their welcome mail', true);
  return { ada, grace };
};

/** The order service learns of a product by an event: right after the first start a sku may still be unknown to it. */
const place = async (
  { client }: Pick<StoryContext, 'client'>,
  customer: Customer,
  sku: string,
  quantity: number,
  paymentToken: string,
): Promise<string> => {
  const body = { lines: [{ sku, quantity }], paymentToken };
  const { status, body: placed } = await eventually(
    `${sku} can be ordered`,
    () => client.http.ask<{ orderId: string }>('POST', '/api/orders', { token: customer.token, body }),
    (answer) => answer.status !== 422,
    10_000,
  );
  if (status !== 202) throw new UnexpectedAnswer('POST', '/api/orders', status, JSON.stringify(placed));
  return placed.orderId;
};

const twoOrders: Chapter = async (context) => {
  const { client, teller, customers } = context;
  teller.chapter('Two orders go all the way');
  const mug = await place(context, customers.ada, 'MUG-1', 2, 'tok_ok');
  const lamp = await place(context, customers.grace, 'LAMP-7', 1, 'tok_visa');
  teller.say('reserve stock → authorise payment → dispatch → sell the stock → capture');
  for (const [customer, orderId] of [
    [customers.ada, mug],
    [customers.grace, lamp],
  ] as const) {
    const order = await client.settled(customer, orderId);
    teller.timeline(order);
    teller.check(`${customer.name}'s order is completed`, order.status === 'completed', order.status);
  }
};

const declined: Chapter = async (context) => {
  const { client, teller, customers } = context;
  teller.chapter('A payment is declined, and the saga takes back what it did');
  const order = await client.settled(
    customers.grace,
    await place(context, customers.grace, 'LAMP-7', 2, 'tok_declined'),
  );
  teller.timeline(order);
  teller.check('the order is cancelled', order.status === 'cancelled', order.status);
  teller.check(
    'its stock was released',
    order.timeline.some(({ what }) => what === 'stock released'),
  );
};

const outOfStock: Chapter = async (context) => {
  const { client, teller, customers } = context;
  teller.chapter('More is wanted than there is');
  const order = await client.settled(
    customers.ada,
    await place(context, customers.ada, 'POSTER-3', 50, 'tok_ok'),
  );
  teller.timeline(order);
  teller.check(
    'the order is cancelled for lack of stock',
    order.cancellation === 'out-of-stock',
    order.cancellation,
  );
};

const mailRetried: Chapter = async (context) => {
  const { client, teller, run } = context;
  teller.chapter('The mail server says "try again later", and email does');
  const linus = await client.register('Linus', `linus.${run}@example.com`);
  await eventually(
    'the welcome mail is there',
    () => client.mails(linus.email),
    (mails) => mails.length > 0,
  );
  await client.failMail(linus.email, 451, 2);
  const order = await client.settled(linus, await place(context, linus, 'MUG-1', 1, 'tok_ok'));
  teller.say(`the order is ${order.status}; its mails are refused twice, and wait with backoff`);
  const mails = await eventually(
    'the mails arrive',
    () => client.mails(linus.email),
    (all) => all.length >= 4,
    60_000,
  );
  for (const { subject } of mails.toReversed()) teller.say(`✉ ${subject}`);
  teller.check('every mail arrived, each once', mails.length === 4, `${mails.length} mails`);
};

const poison: Chapter = async (context) => {
  const { client, teller, run } = context;
  teller.chapter('A poison message is set aside, repaired and replayed');
  const broken = { userId: uuidLike(), name: 'Barbara', email: `barbara.${run}(at)example.com` };
  const id = uuidLike();
  await client.asAdmin('POST', '/api/admin/messages', {
    subscription: 'email.welcome',
    body: envelope(id, broken),
  });
  teller.say('a foreign system sends user.registered with an address that is none');
  const [letter] = await eventually(
    'it is a dead letter',
    () => client.deadLetters('status=open&subscription=email.welcome'),
    (letters) => letters.some(({ messageId }) => messageId === id),
  ).then((letters) => letters.filter(({ messageId }) => messageId === id));
  teller.say(`dead letter: ${letter?.reason.code}: ${letter?.reason.message}`);
  teller.check('the reason names the field', letter?.reason.message.includes('data.email') === true);
  const email = `barbara.${run}@example.com`;
  await client.asAdmin('POST', `/api/admin/dead-letters/${letter?.id}/replay`, {
    body: envelope(id, { ...broken, email }),
  });
  teller.say('an administrator corrects the address and replays it to that one subscription');
  const mails = await eventually(
    'the welcome mail is there',
    () => client.mails(email),
    (all) => all.length > 0,
  );
  teller.check('Barbara has her welcome mail', mails.length === 1, `${mails.length} mails`);
};

const summary: Chapter = async ({ client, teller, leftOver }) => {
  teller.chapter('Does it all add up?');
  for (const { name, looked, violations } of await checkInvariants(client)) {
    teller.check(`${name} (${looked})`, violations.length === 0, violations.slice(0, 5).join('; '));
  }
  const open = (await client.deadLetters()).filter(({ id }) => !leftOver.has(id));
  if (leftOver.size > 0) teller.say(`${leftOver.size} dead letters are open since before this story`);
  teller.check('no dead letter is left open', open.length === 0, `${open.length} open`);
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

/** A UUIDv7. */
const uuidLike = (): string => {
  const time = Date.now().toString(16).padStart(12, '0');
  const random = crypto.randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
};

const formatMoney = (price: Money): string => `${decimalAmount(price)} ${price.currency}`;
