import { productListed, productPriceChanged } from '@emporium/contracts';
import { handle } from '../store/handlers.ts';
import { keepPrice } from '../store/prices.ts';

export const onProductListed = handle(productListed, async ({ data, sequence = 0 }, { tx }) => {
  await keepPrice(tx, data.sku, data.price, sequence);
});

export const onProductPriceChanged = handle(productPriceChanged, async ({ data, sequence = 0 }, { tx }) => {
  await keepPrice(tx, data.sku, data.price, sequence);
});
