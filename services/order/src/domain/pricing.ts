import type { Money, OrderLine, PricedLine } from '@emporium/contracts';

export type Pricing =
  | { readonly kind: 'priced'; readonly lines: readonly PricedLine[]; readonly total: Money }
  | {
      readonly kind: 'refused';
      readonly errors: readonly { readonly field: string; readonly message: string }[];
    };

/** In minor units: what the `money` of a contract holds at most. */
const mostAmount = 1_000_000_000_000;

/** Fixes the unit prices and adds them up. An unknown sku, a sku listed twice and a second currency are refused by line. */
export const price = (lines: readonly OrderLine[], prices: ReadonlyMap<string, Money>): Pricing => {
  const currency = lines.flatMap(({ sku }) => prices.get(sku) ?? [])[0]?.currency ?? '';
  const errors = lines.flatMap(({ sku }, index) => {
    const field = `lines[${index}].sku`;
    const unitPrice = prices.get(sku);
    if (unitPrice === undefined) return [{ field, message: `there is no product ${sku}` }];
    if (unitPrice.currency !== currency) {
      return [
        {
          field,
          message: `${sku} is sold in ${unitPrice.currency}; an order has one currency, here ${currency}`,
        },
      ];
    }
    if (lines.findIndex((line) => line.sku === sku) < index)
      return [{ field, message: `${sku} is listed twice` }];
    return [];
  });
  if (errors.length > 0) return { kind: 'refused', errors };
  const priced = lines.flatMap(({ sku, quantity }) => {
    const unitPrice = prices.get(sku);
    return unitPrice === undefined ? [] : [{ sku, quantity, unitPrice }];
  });
  const amount = priced.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amount, 0);
  if (amount > mostAmount) {
    return {
      kind: 'refused',
      errors: [{ field: 'lines', message: `they cost more than an order may: ${mostAmount} ${currency}` }],
    };
  }
  return { kind: 'priced', lines: priced, total: { amount, currency } };
};
