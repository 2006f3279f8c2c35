import { describe, expect, test } from 'vitest';
import { assertInvariants, createShopClient, eventually } from '../src/index.ts';

const { SHOP_URL: url, ADMIN_EMAIL: email = '', ADMIN_PASSWORD: password = '' } = process.env;
const title = 'a shop that runs elsewhere';

const received = 150;
const tokens = Array.from({ length: 200 }, (_, index) => (index % 5 === 0 ? 'tok_declined' : 'tok_ok'));

describe.skipIf(!url)(url ? title : `${title} (skipped: SHOP_URL is not set)`, () => {
  test('completes many concurrent orders, with any number of instances, and repeats no effect', async () => {
    const client = createShopClient(url ?? '', { email, password });
    const sku = `CROWD-${Date.now()}`;
    await client.stock({ sku, name: 'Crowded', price: { amount: 700, currency: 'EUR' } }, received);
    const ada = await client.register('Ada', `${sku.toLowerCase()}@example.com`);
    const place = async (paymentToken: string): Promise<string> => {
      const body = { lines: [{ sku, quantity: 1 }], paymentToken };
      const { orderId } = await eventually(
        'the order service knows the product',
        async () =>
          (await client.http.request<{ orderId?: string }>('POST', '/api/orders', { token: ada.token, body }))
            .body,
        (answer) => answer.orderId !== undefined,
      );
      return orderId ?? '';
    };
    const ids = new Set(await Promise.all(tokens.map(place)));
    expect(ids.size).toBe(tokens.length);
    const orders = await eventually(
      'every order is final',
      async () => (await client.allOrders()).filter(({ orderId }) => ids.has(orderId)),
      (all) =>
        all.length === ids.size &&
        all.every(({ status }) => status === 'completed' || status === 'cancelled'),
      120_000,
    );
    const sold = orders.filter(({ status }) => status === 'completed').length;
    expect(sold).toBeGreaterThan(received / 2);
    const stock = (await client.stockRows()).find((row) => row.sku === sku);
    expect(stock).toMatchObject({ received, sold, reserved: 0, available: received - sold });
    await assertInvariants(client);
  }, 180_000);
});
