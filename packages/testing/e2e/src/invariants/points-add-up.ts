import { currencyDigits, type Money } from '@emporium/contracts';
import type { ShopClient } from '../client.ts';
import { eventually } from '../eventually.ts';
import type { LoyaltyView, OrderSummary, OrderView } from '../views.ts';
import { inBatches } from './in-batches.ts';
import type { Invariant } from './invariant.ts';

export const pointsAddUp = async (
  client: ShopClient,
  completed: readonly OrderSummary[],
  views: readonly OrderView[],
  timeoutMs: number,
): Promise<Invariant> => {
  const refunded = new Map(views.map((view) => [view.orderId, view.refunded.amount]));
  const byCustomer = Map.groupBy(completed, ({ customerId }) => customerId);
  const expected = new Map(
    [...byCustomer].map(([customerId, orders]) => [
      customerId,
      orders.reduce((sum, { orderId, total }) => sum + pointsOf(total, refunded.get(orderId) ?? 0), 0),
    ]),
  );
  const wrong = (ledgers: readonly LoyaltyView[]): string[] =>
    ledgers
      .filter(({ customerId, points }) => points !== expected.get(customerId))
      .map(({ customerId, points }) => `${customerId}: ${points}, ${expected.get(customerId)} expected`);
  const readAll = () => inBatches([...expected.keys()], client.adminLoyalty);
  const ledgers = await eventually(
    'all points are credited',
    readAll,
    (all) => wrong(all).length === 0,
    timeoutMs,
  ).catch(readAll);
  return {
    name: 'points add up: a customer has what completed orders earn, without what was refunded',
    checked: `${ledgers.length} customers`,
    violations: wrong(ledgers),
  };
};

/** One for each whole major unit that was paid and not refunded. */
const pointsOf = ({ amount, currency }: Money, refunded: number): number =>
  Math.floor((amount - refunded) / 10 ** currencyDigits(currency));
