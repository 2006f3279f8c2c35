import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import { happened, type ShopUnderTest, sku } from './shop-under-test.ts';

/** The outcomes of an order without crashes. */
export const orderCases = (shop: () => ShopUnderTest): void => {
  // Each case has a customer and a payment token of its own.
  describe('an order', { concurrent: true }, () => {
    test('completes, and its customer gets a mail at each stage', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const order = await client.settled(ada, await place(ada, { quantity: 2 }));
      expect(order).toMatchObject({ status: 'completed', total: { amount: 2_500, currency: 'EUR' } });
      const own = happened(order).filter((what) => what !== 'delivered'); // the carrier may be faster than the payment
      expect(own).toEqual([
        'placed',
        'stock reserved',
        'payment authorised',
        'confirmed',
        'dispatched',
        'stock sold',
        'payment captured',
        'completed',
      ]);
      await eventually(
        'delivered',
        () => client.order(ada, order.orderId),
        (seen) => happened(seen).includes('delivered'),
      );
      const mails = await eventually(
        'mails',
        () => client.mails(ada.email),
        (all) => all.length === 4,
      );
      expect(mails).toHaveLength(4);
    });

    test('can be read as soon as it is accepted, by its customer only', async () => {
      const { client, customer, place } = shop();
      const [ada, eve] = [await customer(), await customer()];
      const orderId = await place(ada);
      expect((await client.http.request('GET', `/api/orders/${orderId}`, { token: ada.token })).status).toBe(
        200,
      );
      expect((await client.http.request('GET', `/api/orders/${orderId}`, { token: eve.token })).status).toBe(
        404,
      );
      expect(
        (await client.http.request('POST', `/api/orders/${orderId}/cancel`, { token: eve.token })).status,
      ).toBe(404);
      expect((await client.http.request('GET', `/api/orders/${orderId}`)).status).toBe(401);
    });

    test('requested twice with one Idempotency-Key is one order; with another body it is refused', async () => {
      const { client, customer } = shop();
      const ada = await customer();
      const body = { lines: [{ sku, quantity: 1 }], paymentToken: 'tok_ok' };
      const headers = { 'idempotency-key': 'one' };
      const first = await client.http.request<{ orderId: string }>('POST', '/api/orders', {
        token: ada.token,
        body,
        headers,
      });
      const again = await client.http.request<{ orderId: string }>('POST', '/api/orders', {
        token: ada.token,
        body,
        headers,
      });
      expect([first.status, again.status, again.body.orderId]).toEqual([202, 202, first.body.orderId]);
      const other = { ...body, lines: [{ sku, quantity: 2 }] };
      expect(
        (await client.http.request('POST', '/api/orders', { token: ada.token, body: other, headers })).status,
      ).toBe(422);
      await client.settled(ada, first.body.orderId);
    });

    test('with a declined card is cancelled, and its stock is released', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const order = await client.settled(ada, await place(ada, { paymentToken: 'tok_declined' }));
      expect(order).toMatchObject({ status: 'cancelled', cancellation: 'payment-declined' });
      expect(happened(order)).toContain('stock released');
    });

    test('for more pieces than are available is cancelled', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const product = { sku: 'RARE-1', name: 'Rare', price: { amount: 100, currency: 'EUR' } };
      await client.stock(product, 3);
      const order = await client.settled(ada, await place(ada, { sku: 'RARE-1', quantity: 4 }));
      expect(order).toMatchObject({ status: 'cancelled', cancellation: 'out-of-stock' });
    });

    test('is charged once by a provider that charges without answering', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada, { paymentToken: 'tok_charge_then_timeout' });
      expect((await client.settled(ada, orderId)).status).toBe('completed');
      const lines = (await client.ledger()).filter(({ reference }) => reference === orderId);
      expect(lines.map(({ status, captured }) => [status, captured])).toEqual([['captured', 1_250]]);
    });

    test('completes and is charged once when the provider still processes the first request (409)', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      // Longer than the time-out of a request, and shorter than the deadline of the step.
      const orderId = await place(ada, { paymentToken: 'tok_busy_2500' });
      expect(await client.settled(ada, orderId)).toMatchObject({ status: 'completed' });
      const lines = (await client.ledger()).filter(({ reference }) => reference === orderId);
      expect(lines.map(({ status, captured }) => [status, captured])).toEqual([['captured', 1_250]]);
    }, 90_000);

    test('that is cancelled while the provider still processes it leaves no amount authorised', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada, { paymentToken: 'tok_busy_5000' });
      await eventually(
        'stock is reserved',
        () => client.order(ada, orderId),
        (seen) => happened(seen).includes('stock reserved'),
      );
      expect((await client.cancel(ada, orderId)).status).toBe(202);
      expect((await client.settled(ada, orderId)).status).toBe('cancelled');
      const lines = (await client.ledger()).filter(({ reference }) => reference === orderId);
      expect(lines.filter(({ status }) => status === 'authorised' || status === 'captured')).toEqual([]);
    }, 90_000);

    test('with an expired authorisation is authorised once more, and captured', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada, { paymentToken: 'tok_expires_1' });
      expect((await client.settled(ada, orderId)).status).toBe('completed');
    });

    test('whose capture keeps being refused waits for an administrator, who resumes it', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada, { paymentToken: 'tok_capture_fails_6' });
      const parked = await client.settled(ada, orderId, { status: 'needs-attention' });
      expect(happened(parked).filter((what) => what === 'capture refused')).toHaveLength(6);
      expect((await client.cancel(ada, orderId)).status).toBe(409); // the goods were dispatched
      await client.asAdmin('POST', `/api/admin/orders/${orderId}/resume`);
      expect((await client.settled(ada, orderId)).status).toBe('completed');
    });

    test('whose capture is refused twice is captured in the end', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const order = await client.settled(ada, await place(ada, { paymentToken: 'tok_capture_fails_2' }));
      expect(order.status).toBe('completed');
      expect(happened(order).filter((what) => what === 'capture refused')).toHaveLength(2);
    });
  });

  describe('an order that the carrier refuses', () => {
    test('is compensated: first the payment, then the stock', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      await client.fault({ carrier: { mode: 'fail' } });
      const order = await client.settled(ada, await place(ada));
      expect(order).toMatchObject({ status: 'cancelled', cancellation: 'shipping-failed' });
      const seen = happened(order);
      expect(seen.indexOf('payment voided')).toBeLessThan(seen.indexOf('stock released'));
    });
  });
};
