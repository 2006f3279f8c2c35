import type { Money, OrderLine, PricedLine } from '@emporium/contracts';

export type Pricing =
  | { readonly kind: 'priced'; readonly lines: readonly PricedLine[]; readonly total: Money }
  | {
      readonly kind: 'refused';
      readonly errors: readonly { readonly field: string; readonly message: string }[];
    };

/** In minor units: the largest amount of `money` in a contract. */
const maxAmount = 1_000_000_000_000;

/** Sets the unit price of each line, and adds up the total. Refuses lines with an unknown sku, a repeated sku or a second currency. */
export const price = (lines: readonly OrderLine[], prices: ReadonlyMap<string, Money>): Pricing => {
  const currency = lines.flatMap(({ sku }) => prices.get(sku) ?? [])[0]?.currency ?? '';
  const errors = lines.flatMap(({ sku }, index) => {
    const field = `lines[${index}].sku`;
    const unitPrice = prices.get(sku);
    if (unitPrice === undefined) return [{ field, message: `is not a known product: ${sku}` }];
    if (unitPrice.currency !== currency) {
      return [
        {
          field,
          message: `is sold in ${unitPrice.currency}, but the currency of this order is ${currency}: ${sku}`,
        },
      ];
    }
    if (lines.findIndex((line) => line.sku === sku) < index)
      return [{ field, message: `must not be repeated: ${sku}` }];
    return [];
  });
  if (errors.length > 0) return { kind: 'refused', errors };
  const priced = lines.flatMap(({ sku, quantity }) => {
    const unitPrice = prices.get(sku);
    return unitPrice === undefined ? [] : [{ sku, quantity, unitPrice }];
  });
  const amount = priced.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amount, 0);
  if (amount > maxAmount) {
    return {
      kind: 'refused',
      errors: [{ field: 'lines', message: `must not cost more than ${maxAmount} ${currency} in total` }],
    };
  }
  return { kind: 'priced', lines: priced, total: { amount, currency } };
};
