import { computed, effect, signal } from '@preact/signals';

/** Pieces by sku. */
type Basket = Readonly<Record<string, number>>;

const storageKey = 'emporium-basket';
/** As the order service allows. */
const maxPieces = 1_000;

const stored = (): Basket => {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
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

export const pieces = computed(() => Object.values(basket.value).reduce((sum, each) => sum + each, 0));

export const setPieces = (sku: string, count: number): void => {
  const { [sku]: _before, ...others } = basket.value;
  basket.value = count <= 0 ? others : { ...others, [sku]: Math.min(count, maxPieces) };
};

export const addPiece = (sku: string): void => setPieces(sku, (basket.value[sku] ?? 0) + 1);

export const emptyBasket = (): void => {
  basket.value = {};
};

export const keepBasket = (): void => {
  effect(() => {
    try {
      localStorage.setItem(storageKey, JSON.stringify(basket.value));
    } catch {
      // A browser that stores nothing: the basket lasts as long as the page.
    }
  });
  // Another tab has changed it.
  addEventListener('storage', ({ key }) => {
    if (key === storageKey) basket.value = stored();
  });
};
