import type { Money } from '../../../shared/format.ts';
import type { OrderLine } from '../order.ts';

/** As `GET /api/admin/orders/:id/refunds` describes a refund. */
export interface Refund {
  readonly refundId: string;
  readonly status: 'in-progress' | 'parked' | 'refunded' | 'abandoned';
  readonly amount: Money;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly restock: boolean;
  readonly reason: string;
  readonly requestedAt: string;
  readonly refundedAt?: string;
  readonly byHand: readonly string[];
  readonly parked?: { readonly step: string; readonly reason: string };
}

export interface Refunds {
  readonly total: Money;
  readonly refunded: Money;
  readonly refunds: readonly Refund[];
}

/** How many pieces of each line are not in a refund yet, by sku. */
export const remainingPieces = (
  lines: readonly OrderLine[],
  refunds: readonly Refund[],
): ReadonlyMap<string, number> => {
  const left = new Map<string, number>();
  for (const { sku, quantity } of lines) left.set(sku, (left.get(sku) ?? 0) + quantity);
  for (const { status, lines: refunded } of refunds)
    if (status !== 'abandoned')
      for (const { sku, quantity } of refunded) left.set(sku, Math.max(0, (left.get(sku) ?? 0) - quantity));
  return left;
};

/** What these pieces cost in the order. */
export const priceOf = (lines: readonly OrderLine[], pieces: ReadonlyMap<string, number>): number =>
  [...pieces].reduce((sum, [sku, quantity]) => {
    const line = lines.find((each) => each.sku === sku);
    return sum + (line?.unitPrice.amount ?? 0) * quantity;
  }, 0);

/** Minor units of an amount as a person types it, `12.50`; undefined for anything that is no such amount. */
export const minorUnitsOf = (text: string, currency: string): number | undefined => {
  const digits = digitsOf(currency);
  const match = /^(\d{1,9})(?:[.,](\d+))?$/.exec(text.trim());
  const [, whole, fraction = ''] = match ?? [];
  if (whole === undefined || fraction.length > digits) return undefined;
  return Number(`${whole}${fraction.padEnd(digits, '0')}`);
};

const digitsOf = (currency: string): number => {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 0; // as formatMoney shows it
  }
};
