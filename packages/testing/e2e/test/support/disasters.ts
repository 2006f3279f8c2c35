import { describe, expect, test, vi } from 'vitest';
import type { Customer } from '../../src/index.ts';
import type { ShopUnderTest } from './shop-under-test.ts';

const services = ['order', 'inventory', 'payment', 'shipping', 'email', 'email-worker'] as const;

/** Processes and servers that are killed or restarted under load. */
export const disasterCases = (shop: () => ShopUnderTest): void => {
  /** Orders of one customer, some of which are compensated. */
  const load = async (customer: Customer, orders: number): Promise<string[]> => {
    const { place } = shop();
    const tokens = ['tok_ok', 'tok_visa', 'tok_declined', 'tok_ok'];
    const ids: string[] = [];
    for (let from = 0; from < orders; from += 5) {
      const some = Array.from({ length: Math.min(5, orders - from) }, (_, index) =>
        place(customer, { paymentToken: tokens[(from + index) % tokens.length] ?? 'tok_ok' }),
      );
      ids.push(...(await Promise.all(some)));
    }
    return ids;
  };

  const allSettle = async (customer: Customer, ids: readonly string[]): Promise<void> => {
    const { client, place } = shop();
    const orders = await Promise.all(ids.map((id) => client.settled(customer, id, { timeoutMs: 120_000 })));
    expect(orders.every(({ status }) => status === 'completed' || status === 'cancelled')).toBe(true);
    // Orders may miss their deadlines during the disaster and shortly afterwards; soon new ones must complete again.
    await vi.waitFor(
      async () => expect((await client.settled(customer, await place(customer))).status).toBe('completed'),
      { timeout: 60_000, interval: 500 },
    );
  };

  describe('disasters', () => {
    for (const service of services) {
      test(`${service} is killed during orders and started again`, async () => {
        const { customer, kill, revive } = shop();
        const ada = await customer();
        const placing = load(ada, 20);
        await new Promise((resolve) => setTimeout(resolve, 150));
        await kill(service);
        await new Promise((resolve) => setTimeout(resolve, 300));
        await revive(service);
        await allSettle(ada, await placing);
      }, 180_000);
    }

    test('PostgreSQL is restarted under load, and nothing is dead-lettered', async () => {
      const { client, customer, shop: running } = shop();
      const ada = await customer();
      const placing = load(ada, 30);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await running.database.restart();
      await allSettle(ada, await placing);
      expect(await client.deadLetters()).toEqual([]);
    }, 180_000);

    test('the broker is restarted under load', async (context) => {
      const { client, customer, broker } = shop();
      if (broker.restart === undefined)
        return context.skip('the embedded broker is PostgreSQL, restarted above');
      const ada = await customer();
      const placing = load(ada, 30);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await broker.restart();
      await allSettle(ada, await placing);
      expect(await client.deadLetters()).toEqual([]);
    }, 180_000);
  });
};
