import type { Money } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import type { Kysely } from 'kysely';
import type { ProductChangeTable, Tables } from './tables.ts';

export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly price: Money;
  readonly version: number;
}

export interface ListedProduct extends Omit<Product, 'version'> {
  /** Pieces that can be ordered. */
  readonly available: number;
}

export interface Page {
  readonly limit: number;
  /** The last sku of the previous page. */
  readonly after?: string | undefined;
}

/** Reads a page of products, ordered by sku. */
export const readProducts = async (db: Kysely<Tables>, { limit, after }: Page): Promise<ListedProduct[]> => {
  const rows = await db
    .selectFrom('product')
    .innerJoin('stock', 'stock.sku', 'product.sku')
    .select(['product.sku', 'name', 'price_amount', 'price_currency', 'received', 'sold', 'reserved'])
    .$if(after !== undefined, (query) => query.where('product.sku', '>', after ?? ''))
    .orderBy('product.sku')
    .limit(limit)
    .execute();
  return rows.map(({ sku, name, price_amount, price_currency, received, sold, reserved }) => ({
    sku,
    name,
    price: { amount: price_amount, currency: price_currency },
    available: received - sold - reserved,
  }));
};

/** Adds a product and its stock. False when the sku is already in use. */
export const addProduct = async (
  tx: Tx<Tables>,
  { sku, name, price, version }: Product,
  received: number,
): Promise<boolean> => {
  const added = await tx
    .insertInto('product')
    .values({ sku, name, price_amount: price.amount, price_currency: price.currency, version })
    .onConflict((conflict) => conflict.doNothing())
    .returning('sku')
    .executeTakeFirst();
  if (added === undefined) return false;
  await tx.insertInto('stock').values({ sku, received }).execute();
  return true;
};

/** Reads and locks a product, so that its changes happen one after the other. */
export const lockProduct = async (tx: Tx<Tables>, sku: string): Promise<Product | undefined> => {
  const row = await tx
    .selectFrom('product')
    .selectAll()
    .where('sku', '=', sku)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { name, price_amount, price_currency, version } = row;
  return { sku, name, price: { amount: price_amount, currency: price_currency }, version };
};

export const saveProduct = async (tx: Tx<Tables>, { sku, name, price, version }: Product): Promise<void> => {
  const values = { name, price_amount: price.amount, price_currency: price.currency, version };
  await tx.updateTable('product').set(values).where('sku', '=', sku).execute();
};

/** Records who made a change, in the transaction of the change. */
export const recordChange = async (
  tx: Tx<Tables>,
  change: Pick<ProductChangeTable, 'sku' | 'kind' | 'changed_by'> & {
    at: Date;
    quantity?: number | undefined;
    price?: Money;
  },
): Promise<void> => {
  const { price, quantity, ...rest } = change;
  await tx
    .insertInto('product_change')
    .values({
      ...rest,
      quantity: quantity ?? null,
      price_amount: price?.amount ?? null,
      price_currency: price?.currency ?? null,
    })
    .execute();
};
