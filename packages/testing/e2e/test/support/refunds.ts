import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Customer, eventually } from '../../src/index.ts';
import { happened, type ShopUnderTest, sku } from './shop-under-test.ts';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const reason = 'broken handle';

/** Refunds of completed orders. */
export const refundCases = (shop: () => ShopUnderTest): void => {
  const completed = async (customer: Customer, quantity = 1, wanted = sku) => {
    const { client, place } = shop();
    const { orderId, status } = await client.settled(
      customer,
      await place(customer, { sku: wanted, quantity }),
    );
    expect(status).toBe('completed');
    return orderId;
  };
  /** Waits until all refunds of the order have this status. */
  const refundsAre = (orderId: string, status: string, timeoutMs = 60_000) =>
    eventually(
      `refunds are ${status}`,
      () => shop().client.refunds(orderId),
      (refunds) => refunds.every((refund) => refund.status === status),
      timeoutMs,
    );
  const refundedAt = async (orderId: string) => {
    const lines = (await shop().client.ledger()).filter(({ reference }) => reference === orderId);
    return lines.map(({ refunded }) => refunded);
  };

  describe('a refund', () => {
    test('of pieces pays them back, returns them to the stock, and is mailed', async () => {
      const { client, customer } = shop();
      const ada = await customer();
      await client.stock({ sku: 'VASE-1', name: 'Vase', price: eur(1_999) }, 10);
      const available = async () => (await client.stockRows()).find((row) => row.sku === 'VASE-1')?.available;
      const before = (await available()) ?? 0;
      const orderId = await completed(ada, 3, 'VASE-1');
      const request = { lines: [{ sku: 'VASE-1', quantity: 2 }], restock: true, reason };
      const headers = { 'idempotency-key': `refund-${orderId}` };
      const first = await client.refund(orderId, request, headers);
      expect([first.status, first.body.amount]).toEqual([202, eur(3_998)]);
      const again = await client.refund(orderId, request, headers);
      expect([again.status, again.body.refundId]).toEqual([202, first.body.refundId]);
      await refundsAre(orderId, 'refunded');
      expect(await available()).toBe(before - 1);
      const rest = await client.refund(orderId, { amount: eur(1_999), reason });
      expect(rest.status).toBe(202);
      await refundsAre(orderId, 'refunded');
      const order = await client.order(ada, orderId);
      expect(order).toMatchObject({ status: 'completed', refunded: eur(5_997) });
      expect(order.refunds.map(({ amount }) => amount.amount)).toEqual([3_998, 1_999]);
      expect(
        happened(order)
          .filter((what) => what !== 'delivered')
          .slice(8),
      ).toEqual([
        ...['refund requested', 'payment refunded', 'stock returned', 'refunded'],
        ...['refund requested', 'payment refunded', 'refunded'],
      ]);
      expect(await refundedAt(orderId)).toEqual([5_997]);
      await eventually(
        'two mails about refunds',
        () => client.mails(ada.email),
        (mails) => mails.filter(({ subject }) => subject.includes('refund')).length === 2,
      );
    });

    test('of more than is left is refused, also when many are requested at one time: one wins', async () => {
      const { client, customer } = shop();
      const orderId = await completed(await customer());
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => client.refund(orderId, { amount: eur(700), reason })),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([202, ...Array(7).fill(422)]);
      const refused = answers.filter(({ status }) => status === 422);
      for (const { body } of refused) expect(body.errors).toMatchObject([{ field: 'amount.amount' }]);
      expect(await refundsAre(orderId, 'refunded')).toHaveLength(1);
      expect(await refundedAt(orderId)).toEqual([700]);
    });

    test('is requested by administrators, for completed orders', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await completed(ada);
      const path = `/api/admin/orders/${orderId}/refunds`;
      const body = { amount: eur(1), reason };
      expect((await client.http.request('POST', path, { token: ada.token, body })).status).toBe(403);
      expect((await client.http.request('POST', path, { body })).status).toBe(401);
      const declined = await place(ada, { paymentToken: 'tok_declined' });
      await client.settled(ada, declined);
      const answer = await client.refund(declined, body);
      expect([answer.status, answer.body.errors]).toMatchObject([409, [{ field: 'id' }]]);
      expect(await client.refunds(orderId)).toEqual([]);
    });

    test('that the provider keeps refusing waits for an administrator, who resumes it', async () => {
      const { client, customer } = shop();
      const orderId = await completed(await customer(), 2);
      await client.fault({ payment: { mode: 'decline', operation: 'refund', reference: orderId } });
      const request = { lines: [{ sku, quantity: 1 }], restock: true, reason };
      const { body } = await client.refund(orderId, request);
      const [parked] = await refundsAre(orderId, 'parked');
      expect(parked?.parked).toEqual({ step: 'refund', reason: 'refund_refused' });
      const listed = await client.asAdmin<{ refunds: readonly { refundId: string }[] }>(
        'GET',
        '/api/admin/refunds',
      );
      expect(listed.refunds.map(({ refundId }) => refundId)).toContain(body.refundId);
      expect((await client.adminOrder(orderId)).status).toBe('completed');
      expect(await refundedAt(orderId)).toEqual([0]);
      await client.clearFaults();
      await client.resumeRefund(orderId, body.refundId);
      await refundsAre(orderId, 'refunded');
      expect(await refundedAt(orderId)).toEqual([1_250]);
    });

    test('that the provider does not answer waits for an administrator, and is paid back once', async () => {
      const { client, customer } = shop();
      const orderId = await completed(await customer());
      await client.fault({
        payment: { mode: 'stall', operation: 'refund', reference: orderId, delayMs: 90_000 },
      });
      const { body } = await client.refund(orderId, { amount: eur(500), reason });
      await refundsAre(orderId, 'parked', 120_000);
      await client.clearFaults();
      await client.resumeRefund(orderId, body.refundId).catch(() => undefined); // a late reply may have resumed it
      await refundsAre(orderId, 'refunded');
      // Commands that used up their attempts meanwhile have no further effect.
      const letters = (await client.deadLetters()).filter(({ key }) => key === orderId);
      for (const { id } of letters) await client.asAdmin('POST', `/api/admin/dead-letters/${id}/replay`);
      await eventually(
        'no dead letter is open',
        () => client.deadLetters(),
        (open) => open.length === 0,
      );
      expect(await refundedAt(orderId)).toEqual([500]);
    }, 200_000);

    test.each(['order', 'payment', 'inventory'])(
      'is neither lost nor doubled when %s is killed in the middle',
      async (service) => {
        const { client, customer, kill, revive } = shop();
        const ada = await customer();
        const orders = await Promise.all(Array.from({ length: 8 }, () => completed(ada, 3)));
        const requested = Promise.all(
          orders.flatMap((orderId) =>
            [1, 2, 3].map(async (part) => {
              const request = { lines: [{ sku, quantity: 1 }], restock: part !== 2, reason };
              const headers = { 'idempotency-key': `${orderId}/${part}` };
              await eventually(
                'the refund is requested',
                () => client.refund(orderId, request, headers).catch(() => undefined),
                (answer) => answer?.status === 202,
                90_000,
              );
            }),
          ),
        );
        await sleep(120);
        await kill(service);
        await sleep(300);
        await revive(service);
        await requested;
        for (const orderId of orders) {
          expect(await refundsAre(orderId, 'refunded', 90_000)).toHaveLength(3);
          expect(await refundedAt(orderId)).toEqual([3_750]);
        }
      },
      240_000,
    );
  });
};
