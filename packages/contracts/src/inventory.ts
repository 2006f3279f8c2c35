import { z } from 'zod';
import { id, lines, money, quantity, sku } from './common.ts';
import { command, event } from './define.ts';
import { sagaCommand, sagaReply } from './saga-messages.ts';

const owner = 'inventory';
const senders = ['order'] as const;

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

/** Pieces were received; `available` is how many can be sold afterwards. */
export const productRestocked = event('product.restocked', {
  owner,
  version: 1,
  key: 'sku',
  schema: z.object({ sku, quantity, available: z.int().min(0) }),
});

/** Reserves all lines or none. */
export const [reserveStock1, reserveStock] = sagaCommand('inventory.reserve-stock', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id, lines }),
});

/** Releases the reservation. For an unknown order it leaves a tombstone that refuses a late reservation. */
export const [releaseStock1, releaseStock] = sagaCommand('inventory.release-stock', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

/** The goods were dispatched: the reserved pieces are sold. */
export const [commitReservation1, commitReservation] = sagaCommand('inventory.commit-reservation', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

/** Puts sold pieces of an order back into the stock. A `refundId` is carried out once, however often it is requested. */
export const returnStock = command('inventory.return-stock', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object({ orderId: id, refundId: id, lines }),
});

export const [stockReserved1, stockReserved] = sagaReply('stock.reserved', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

export const [stockRejected1, stockRejected] = sagaReply('stock.rejected', {
  owner,
  key: 'orderId',
  schema: z.object({
    orderId: id,
    reason: z.enum(['out-of-stock', 'unknown-sku', 'released', 'expired']),
    missing: z.array(z.object({ sku, requested: quantity, available: z.int().min(0) })).max(100),
  }),
});

export const [stockReleased1, stockReleased] = sagaReply('stock.released', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

export const [stockCommitted1, stockCommitted] = sagaReply('stock.committed', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

export const stockReturned = event('stock.returned', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ orderId: id, refundId: id }),
});
