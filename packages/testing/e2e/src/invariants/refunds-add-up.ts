import type { OrderView, RefundView } from '../views.ts';
import type { Invariant } from './invariant.ts';

/** Whether a refund has ended. */
export const isFinalRefund = ({ status }: RefundView): boolean =>
  status === 'refunded' || status === 'abandoned';

export const refundsAddUp = (completed: readonly OrderView[]): Invariant => {
  const all = completed.flatMap(({ refunds }) => refunds);
  return {
    name: 'every refund is final, and no order is refunded more than it cost',
    checked: `${all.length} refunds`,
    violations: completed.flatMap(({ orderId, lines, total, refunded, refunds: requested }) => {
      const refunds = requested.filter(({ status }) => status !== 'abandoned');
      const sum = refunds.reduce((amount, refund) => amount + refund.amount.amount, 0);
      const pieces = (sku: string) => piecesOf(refunds.flatMap((refund) => refund.lines)).get(sku) ?? 0;
      return [
        ...refunds
          .filter((refund) => !isFinalRefund(refund))
          .map(({ refundId, status }) => `${orderId}: refund ${refundId} is ${status}`),
        ...(sum <= total.amount && refunded.amount <= sum
          ? []
          : [`${orderId}: ${refunded.amount} refunded, in refunds of ${sum}, of ${total.amount}`]),
        ...lines
          .filter(({ sku, quantity }) => pieces(sku) > quantity)
          .map(({ sku, quantity }) => `${orderId}: ${pieces(sku)} of ${quantity} ${sku} refunded`),
      ];
    }),
  };
};

/** How many pieces of each sku these lines have together. */
export const piecesOf = (
  lines: readonly { readonly sku: string; readonly quantity: number }[],
): ReadonlyMap<string, number> => {
  const pieces = new Map<string, number>();
  for (const { sku, quantity } of lines) pieces.set(sku, (pieces.get(sku) ?? 0) + quantity);
  return pieces;
};
