import type { Money } from '../shared/format.ts';

export type PriceChange = 'dearer' | 'cheaper';

/** How a price has changed; undefined while it is the same, or nobody knows what it was. */
export const priceChange = (then: Money | undefined, now: Money): PriceChange | undefined => {
  if (then === undefined || then.currency !== now.currency || then.amount === now.amount) return undefined;
  return now.amount > then.amount ? 'dearer' : 'cheaper';
};

/** Prices by sku, from a text that anybody may have written; what is no price is left out. */
export const parsePrices = (text: string): Readonly<Record<string, Money>> => {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter(([, price]) => isMoney(price)));
  } catch {
    return {};
  }
};

export const isMoney = (value: unknown): value is Money =>
  typeof value === 'object' &&
  value !== null &&
  'amount' in value &&
  typeof value.amount === 'number' &&
  'currency' in value &&
  typeof value.currency === 'string';
