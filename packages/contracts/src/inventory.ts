import { z } from 'zod';
import { id, lines, money, quantity, sku, stepId } from './common.ts';
import { command, event } from './define.ts';

const owner = 'inventory';
const senders = ['order'] as const;
const step = { orderId: id, stepId };

export const productListed = event('product.listed', {
  owner,
  version: 1,
  key: 'sku',
  schema: z.object({ sku, name: z.string().min(1).max(200), price: money }),
});

export const productPriceChanged = event('product.price-changed', {
  owner,
  version: 1,
  key: 'sku',
  schema: z.object({ sku, price: money }),
});

/** Pieces were received; `available` is what can be sold after it. */
export const productRestocked = event('product.restocked', {
  owner,
  version: 1,
  key: 'sku',
  schema: z.object({ sku, quantity, available: z.int().min(0) }),
});

/** Reserves every line or none. */
export const reserveStock = command('inventory.reserve-stock', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, lines }),
});

/** Gives the reservation back; of an unknown order it leaves a tombstone that refuses a late reservation. */
export const releaseStock = command('inventory.release-stock', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

/** The goods have left: the reserved pieces are sold. */
export const commitReservation = command('inventory.commit-reservation', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

export const stockReserved = event('stock.reserved', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

export const stockRejected = event('stock.rejected', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({
    ...step,
    reason: z.enum(['out-of-stock', 'unknown-sku', 'released', 'expired']),
    missing: z.array(z.object({ sku, requested: quantity, available: z.int().min(0) })).max(100),
  }),
});

export const stockReleased = event('stock.released', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

export const stockCommitted = event('stock.committed', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});
