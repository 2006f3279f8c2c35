import { createShopClient, eventually, type ShopClient } from '@emporium/e2e';
import type { Shop } from '@emporium/launcher';
import { type Completions, watchCompletions } from './completions.ts';
import { mailsAreSent } from './mails.ts';

const sku = 'BENCH-1';

/** A shop with a product and a customer, ready for orders. */
export interface ReadyShop {
  readonly client: ShopClient;
  readonly completions: Completions;
  /** Places an order. Resolves with its id. */
  place(): Promise<string>;
  /** Resolves when the mails of all orders were sent. */
  mailsAreSent(): Promise<void>;
  close(): Promise<void>;
}

export const readyShop = async (shop: Shop): Promise<ReadyShop> => {
  const client = createShopClient(shop.url, shop.admin);
  await client.stock({ sku, name: 'Bench', price: { amount: 100, currency: 'EUR' } }, 10_000);
  const { token } = await client.register('Bench', 'bench@example.com');
  const post = () =>
    client.http.request<{ orderId: string }>('POST', '/api/orders', {
      token,
      body: { lines: [{ sku, quantity: 1 }], paymentToken: 'tok_ok' },
    });
  await eventually('the product can be ordered', post, ({ status }) => status === 202);
  let placed = 1;
  const completions = await watchCompletions(shop.databaseUrl('order'));
  return {
    client,
    completions,
    place: async () => {
      const { status, body } = await post();
      if (status !== 202) throw new Error(`POST /api/orders answered ${status}: ${JSON.stringify(body)}`);
      placed += 1;
      return body.orderId;
    },
    mailsAreSent: () => mailsAreSent(placed, shop.databaseUrl('email')),
    close: () => completions.close(),
  };
};
