import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { assertInvariants } from '../../src/index.ts';
import { type BrokerUnderTest, type ShopUnderTest, startShopUnderTest } from './shop-under-test.ts';

export interface ShopSuite {
  readonly title: string;
  readonly skip?: boolean;
  readonly broker: () => Promise<BrokerUnderTest>;
  /** Groups of cases, which get the running shop. */
  readonly cases: readonly ((shop: () => ShopUnderTest) => void)[];
}

/** Runs the cases against one shop. After each that runs alone the invariants must hold and no dead letter may be open. */
export const testShop = ({ title, skip = false, broker, cases }: ShopSuite): void => {
  describe.skipIf(skip)(title, () => {
    let running: ShopUnderTest | undefined;
    const shop = (): ShopUnderTest => {
      if (running === undefined) throw new Error('the shop did not start');
      return running;
    };

    beforeAll(async () => {
      const chosen = await broker();
      try {
        running = await startShopUnderTest(chosen);
      } catch (error) {
        await chosen.stop();
        throw error;
      }
    }, 180_000);

    afterEach(async ({ task }) => {
      // Orders of the others are in progress: the next case that runs alone checks what these have done, too.
      if (task.concurrent === true) return;
      await shop().client.clearFaults();
      await assertInvariants(shop().client);
      expect(await shop().client.deadLetters(), 'unexpected dead letters').toEqual([]);
    }, 180_000);

    afterAll(() => running?.stop(), 60_000);

    for (const each of cases) each(shop);
  });
};
