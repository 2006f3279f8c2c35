import { place } from '../../src/demo/place-order.ts';
import type { Customer, ShopClient } from '../../src/index.ts';
import { eventually } from '../../src/index.ts';

/** What is in the shop when the pictures are taken. */
export interface FilledShop {
  readonly shopper: Customer;
  /** A completed order of the shopper. */
  readonly orderId: string;
  /** What followed from its request. */
  readonly correlationId: string;
  /** An open one, which an administrator can repair. */
  readonly deadLetterId: string;
}

const products = [
  ['MUG-1', 'Mug', 1_250, 100],
  ['LAMP-7', 'Desk lamp', 4_900, 40],
  ['POSTER-3', 'Poster, limited', 2_000, 3],
  ['BOOK-2', 'Notebook, dotted', 900, 250],
  ['CHAIR-4', 'Folding chair', 6_400, 12],
  ['CLOCK-5', 'Wall clock', 3_300, 60],
  ['BAG-6', 'Canvas bag', 1_800, 80],
  ['PEN-8', 'Fountain pen', 2_750, 5],
] as const;

/** Products, two customers, orders that complete, one that is declined, and a message that its contract refuses. */
export const fillShop = async (client: ShopClient): Promise<FilledShop> => {
  for (const [sku, name, amount, quantity] of products)
    await client.stock({ sku, name, price: { amount, currency: 'EUR' } }, quantity);
  const run = Date.now().toString(36);
  const shopper = await client.register('Ada Lovelace', `ada.${run}@example.com`);
  const other = await client.register('Grace Hopper', `grace.${run}@example.com`);
  for (const [sku, , , quantity] of products.filter(([, , , available]) => available > 50))
    await placeSettled(client, other, sku, Math.ceil(quantity / 50));
  await placeSettled(client, other, 'LAMP-7', 2, 'tok_declined');
  const orderId = await placeSettled(client, shopper, 'MUG-1', 2);
  await eventually(
    'the parcel is delivered, and its mail is sent',
    () => client.mails(shopper.email),
    (mails) => mails.length >= 4,
    60_000,
  );
  const { correlationId } = await client.adminOrder(orderId);
  if (correlationId === undefined) throw new Error(`order ${orderId} has no correlation id`);
  return { shopper, orderId, correlationId, deadLetterId: await makeDeadLetter(client, other) };
};

const placeSettled = async (
  client: ShopClient,
  customer: Customer,
  sku: string,
  quantity: number,
  paymentToken = 'tok_ok',
): Promise<string> => {
  const orderId = await place({ client }, customer, sku, quantity, paymentToken);
  await client.settled(customer, orderId);
  return orderId;
};

/** A third party publishes a user with an invalid address. */
const makeDeadLetter = async (client: ShopClient, { userId, name, email }: Customer): Promise<string> => {
  const id = crypto.randomUUID();
  await client.asAdmin('POST', '/api/admin/messages', {
    subscription: 'email.welcome',
    body: {
      ...{ specversion: '1.0', id, source: '/crm', type: 'user.registered' },
      ...{ time: new Date().toISOString(), subject: userId, datacontenttype: 'application/json' },
      data: { userId, name, email: email.replace('@', '(at)') },
    },
  });
  const found = await eventually(
    'the message is a dead letter',
    async () =>
      (await client.deadLetters('status=open&subscription=email.welcome')).find(
        ({ messageId }) => messageId === id,
      ),
    (deadLetter) => deadLetter !== undefined,
  );
  return found?.id ?? '';
};
