import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import { happened, type ShopUnderTest, sku } from './shop-under-test.ts';

/** Where each service is killed during a refund: the failpoints of `packages/store`, at the first or the nth time. */
const crashes: readonly (readonly [string, string])[] = [
  ['payment', 'transaction.before-commit'], // the intent is not recorded
  ['payment', 'transaction.before-commit@2'], // the provider has refunded, which is not recorded
  ['payment', 'outbox.before-publish'],
  ['payment', 'outbox.before-delete'],
  ['payment', 'runner.before-ack'],
  ['inventory', 'transaction.before-commit'],
  ['inventory', 'outbox.before-publish'],
  ['inventory', 'outbox.before-delete'],
  ['inventory', 'runner.before-ack'],
  ['order', 'outbox.before-publish'], // payment.refund
  ['order', 'outbox.before-delete'],
  ['order', 'runner.before-ack'], // payment.refunded
  ['order', 'outbox.before-publish@2'], // inventory.return-stock
  ['order', 'runner.before-ack@2'], // stock.returned
  ['order', 'outbox.before-delete@3'], // order.refunded
];

/** Refunds during which a service is killed at an exact place. */
export const refundCrashCases = (shop: () => ShopUnderTest): void => {
  describe('a refund is carried out once', () => {
    test.each(crashes)(
      'when %s is killed at %s',
      async (service, failpoint) => {
        const { client, customer, place, kill, revive, shop: running } = shop();
        const ada = await customer();
        const orderId = await place(ada, { quantity: 2 });
        await client.settled(ada, orderId);
        await eventually(
          'it is delivered', // so that no other message passes the failpoint
          () => client.order(ada, orderId),
          (order) => happened(order).includes('delivered'),
        );
        const soldOf = async () => (await client.stockRows()).find((row) => row.sku === sku)?.sold ?? 0;
        const soldBefore = await soldOf();
        await kill(service);
        await revive(service, { EMPORIUM_FAILPOINT: failpoint });
        const request = { lines: [{ sku, quantity: 1 }], restock: true, reason: 'broken handle' };
        const { status } = await client.refund(orderId, request);
        expect(status).toBe(202);
        await eventually(
          `${service} has crashed`,
          async () => running.processes.get(service)?.pid,
          (pid) => pid === undefined,
        );
        await revive(service);
        await eventually(
          'the refund is finished',
          () => client.refunds(orderId),
          (refunds) => refunds.length === 1 && refunds.every((refund) => refund.status === 'refunded'),
          60_000,
        );
        const lines = (await client.ledger()).filter(({ reference }) => reference === orderId);
        expect(lines.map(({ refunded }) => refunded)).toEqual([1_250]);
        expect(await soldOf()).toBe(soldBefore - 1);
      },
      120_000,
    );
  });
};
