/**
 * One point for each whole major unit of what an order brought in and was not refunded: 12.50 EUR are 12 points, 1250 JPY are 1250,
 * 1.250 KWD are 1. Both amounts are in minor units; `digits` is how many decimals the currency has.
 */
export const pointsOf = (total: number, refunded: number, digits: number): number =>
  Math.floor(Math.max(0, total - refunded) / 10 ** digits);
