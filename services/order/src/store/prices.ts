import type { Money } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { OrderTables } from './tables.ts';

/** Reads the prices of products; unknown ones are left out. */
export const readPrices = async (
  tx: Tx<OrderTables>,
  skus: readonly string[],
): Promise<ReadonlyMap<string, Money>> => {
  const { rows } = await sql<{ sku: string; amount: number; currency: string }>`
    select sku, amount, currency from product_price where sku = any(${[...skus]}::text[])`.execute(tx);
  return new Map(rows.map(({ sku, amount, currency }) => [sku, { amount, currency }]));
};

/** Stores the price unless a newer one is known; `sequence` is the version of the product. */
export const keepPrice = async (
  tx: Tx<OrderTables>,
  sku: string,
  { amount, currency }: Money,
  sequence: number,
): Promise<void> => {
  await tx
    .insertInto('product_price')
    .values({ sku, amount, currency, sequence })
    .onConflict((conflict) =>
      conflict
        .column('sku')
        .doUpdateSet({ amount, currency, sequence })
        .where('product_price.sequence', '<', sequence),
    )
    .execute();
};
