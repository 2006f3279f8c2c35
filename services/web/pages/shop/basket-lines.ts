import type { Money } from '../shared/format.ts';
import type { Product } from './products.ts';

export interface BasketLine {
  readonly sku: string;
  readonly count: number;
  /** Undefined where it is no longer sold. */
  readonly product: Product | undefined;
}

export const linesOf = (
  basket: Readonly<Record<string, number>>,
  products: readonly Product[],
): readonly BasketLine[] =>
  Object.entries(basket).map(([sku, count]) => ({
    sku,
    count,
    product: products.find((each) => each.sku === sku),
  }));

/** Undefined where there is none: a product is no longer sold, or the currencies differ. */
export const totalOf = (lines: readonly BasketLine[]): Money | undefined => {
  const [first] = lines;
  if (first?.product === undefined) return undefined;
  const { currency } = first.product.price;
  let amount = 0;
  for (const { product, count } of lines) {
    if (product?.price.currency !== currency) return undefined;
    amount += product.price.amount * count;
  }
  return { amount, currency };
};
