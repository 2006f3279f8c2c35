import type { Money } from '../shared/format.ts';

export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly price: Money;
  readonly available: number;
}

export interface Products {
  readonly products: readonly Product[];
  readonly next?: string;
}

/** Prices and stock change while one looks. */
export const productsPath = '/api/products?limit=200';
export const productsEveryMs = 4_000;

/** The products whose name or sku has every word of the text. */
export const search = (products: readonly Product[], text: string): readonly Product[] => {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return products.filter(({ sku, name }) => {
    const searched = `${sku} ${name}`.toLocaleLowerCase();
    return words.every((word) => searched.includes(word));
  });
};
