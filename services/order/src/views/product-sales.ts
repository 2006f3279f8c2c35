import { projection } from './projection.ts';

/**
 * What was sold of each product: pieces and revenue of completed orders. Lines that were refunded no longer count; a refund of an
 * amount belongs to no product, and counts in the revenue of its day alone.
 */
export const productSales = projection({
  name: 'product-sales',
  version: 1,
  rows: 'sold_order',
  key: 'order_id',
  starts: 'placed',
  on: {
    placed: ({ event: { lines } }) => ({ lines, completed: false, returned: [] }),
    completed: () => ({ completed: true }),
    refunded: ({ event: { lines } }, { returned }) => ({ returned: [...returned, ...lines] }),
  },
  totals: {
    product_sale: {
      by: ['sku', 'currency'],
      of: ({ lines, completed, returned }) =>
        completed
          ? lines.map(({ sku, quantity, unitPrice: { amount, currency } }) => {
              const units = quantity - sumOf(returned.filter((each) => each.sku === sku));
              return { sku, currency, units, revenue: units * amount };
            })
          : [],
    },
  },
});

const sumOf = (lines: readonly { readonly quantity: number }[]): number =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0);
