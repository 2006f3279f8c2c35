import { projection } from './projection.ts';

/**
 * What was sold of each product: pieces and revenue of completed orders. `returned` are lines that were refunded: `refunded` adds to
 * it, and they no longer count as sold.
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
