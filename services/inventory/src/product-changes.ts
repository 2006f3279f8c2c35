import { emit } from '@emporium/bus';
import { type Money, productListed, productPriceChanged, productRestocked } from '@emporium/contracts';
import type { Work } from '@emporium/store';
import { availableOf, type StockLevel } from './domain/stock.ts';
import { addProduct, lockProduct, type Product, recordChange, saveProduct } from './store/products.ts';
import { receive } from './store/stock-levels.ts';
import type { Tables } from './store/tables.ts';

// Each change locks the product and increments its version, the `sequence` of its events.

/** Lists a product with its initial stock. False when the sku is already in use. */
export const listProduct = async (
  { tx, now, effects }: Work<Tables>,
  { sku, name, price }: Omit<Product, 'version'>,
  quantity: number,
  by: string,
): Promise<boolean> => {
  const version = quantity > 0 ? 2 : 1;
  if (!(await addProduct(tx, { sku, name, price, version }, quantity))) return false;
  await recordChange(tx, { at: now, sku, kind: 'listed', quantity, price, changed_by: by });
  effects.push(emit(productListed, { sku, name, price }, { sequence: 1 }));
  if (quantity > 0)
    effects.push(emit(productRestocked, { sku, quantity, available: quantity }, { sequence: version }));
  return true;
};

/** Changes the price. Undefined when there is no such product. Setting the same price again changes nothing. */
export const repriceProduct = async (
  { tx, now, effects }: Work<Tables>,
  sku: string,
  price: Money,
  by: string,
): Promise<Omit<Product, 'version'> | undefined> => {
  const product = await lockProduct(tx, sku);
  if (product === undefined) return undefined;
  const { name, version } = product;
  if (price.amount !== product.price.amount || price.currency !== product.price.currency) {
    await saveProduct(tx, { sku, name, price, version: version + 1 });
    await recordChange(tx, { at: now, sku, kind: 'price-changed', price, changed_by: by });
    effects.push(emit(productPriceChanged, { sku, price }, { sequence: version + 1 }));
  }
  return { sku, name, price };
};

/** Adds to the stock. Undefined when there is no such product. */
export const restockProduct = async (
  { tx, now, effects }: Work<Tables>,
  sku: string,
  quantity: number,
  by: string,
): Promise<(StockLevel & { readonly sku: string; readonly available: number }) | undefined> => {
  const product = await lockProduct(tx, sku);
  if (product === undefined) return undefined;
  const sequence = product.version + 1;
  await saveProduct(tx, { ...product, version: sequence });
  const level = await receive(tx, sku, quantity);
  const available = availableOf(level);
  await recordChange(tx, { at: now, sku, kind: 'restocked', quantity, changed_by: by });
  effects.push(emit(productRestocked, { sku, quantity, available }, { sequence }));
  return { sku, ...level, available };
};
