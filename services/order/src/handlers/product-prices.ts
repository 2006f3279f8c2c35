import { type HandlerContext, handle } from '@emporium/bus';
import { productListed, productPriceChanged } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { keepPrice } from '../store/prices.ts';
import type { OrderTables } from '../store/tables.ts';

type Context = HandlerContext<Tx<OrderTables>>;

export const onProductListed = handle(productListed, async ({ data, sequence = 0 }, { tx }: Context) => {
  await keepPrice(tx, data.sku, data.price, sequence);
  return undefined;
});

export const onProductPriceChanged = handle(
  productPriceChanged,
  async ({ data, sequence = 0 }, { tx }: Context) => {
    await keepPrice(tx, data.sku, data.price, sequence);
    return undefined;
  },
);
