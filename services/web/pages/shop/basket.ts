import { computed, effect, signal } from '@preact/signals';
import type { Money } from '../shared/format.ts';
import { parsePrices } from './price-change.ts';

/** Pieces by sku. */
type Basket = Readonly<Record<string, number>>;

const storageKey = 'emporium-basket';
const pricesKey = 'emporium-basket-prices';
/** As the order service allows. */
const maxPieces = 1_000;

const storedText = (key: string): string => {
  try {
    return localStorage.getItem(key) ?? '{}';
  } catch {
    return '{}';
  }
};

const stored = (): Basket => {
  try {
    const parsed: unknown = JSON.parse(storedText(storageKey));
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(
      Object.entries(parsed).filter(
        ([, pieces]) => Number.isInteger(pieces) && pieces > 0 && pieces <= maxPieces,
      ),
    );
  } catch {
    return {};
  }
};

/** What the customer is about to order; it survives a reload. */
export const basket = signal<Basket>(stored());

/** What each product cost when it was put into the basket, to say so when its price changes. */
export const pricesThen = signal<Readonly<Record<string, Money>>>(parsePrices(storedText(pricesKey)));

export const pieces = computed(() => Object.values(basket.value).reduce((sum, each) => sum + each, 0));

export const setPieces = (sku: string, count: number): void => {
  const { [sku]: _before, ...others } = basket.value;
  basket.value = count <= 0 ? others : { ...others, [sku]: Math.min(count, maxPieces) };
  if (count <= 0) forgetPrice(sku);
};

export const addPiece = (sku: string, price: Money): void => {
  if (basket.value[sku] === undefined) pricesThen.value = { ...pricesThen.value, [sku]: price };
  setPieces(sku, (basket.value[sku] ?? 0) + 1);
};

const forgetPrice = (sku: string): void => {
  const { [sku]: _before, ...others } = pricesThen.value;
  pricesThen.value = others;
};

export const emptyBasket = (): void => {
  basket.value = {};
  pricesThen.value = {};
};

export const keepBasket = (): void => {
  effect(() => {
    try {
      localStorage.setItem(storageKey, JSON.stringify(basket.value));
      localStorage.setItem(pricesKey, JSON.stringify(pricesThen.value));
    } catch {
      // A browser that stores nothing: the basket lasts as long as the page.
    }
  });
  // Another tab has changed it.
  addEventListener('storage', ({ key }) => {
    if (key === storageKey) basket.value = stored();
  });
};
