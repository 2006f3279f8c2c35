/** Smaller differences are the resolution of `Date` headers and the way of an answer. */
const toleranceMs = 2_000;
/** The time of an answer that was this long on its way is too uncertain. */
const maxRoundTripMs = 5_000;

/** The clock of the shop, by the `Date` headers of its answers: the browser's may be wrong by hours. */
export interface ShopClock {
  /** Milliseconds since 1970, as `Date.now` for the browser's clock. */
  now(): number;
  /** Learns from the `Date` header of an answer to a request that was sent at a time of the browser's clock. */
  learn(date: string | null, sentAt: number): void;
}

export const createShopClock = (browserNow: () => number = Date.now): ShopClock => {
  let aheadMs = 0;
  return {
    now: () => browserNow() + aheadMs,
    learn: (date, sentAt) => {
      const receivedAt = browserNow();
      const roundTripMs = receivedAt - sentAt;
      const shopTime = date === null ? Number.NaN : Date.parse(date);
      if (Number.isNaN(shopTime) || roundTripMs < 0 || roundTripMs > maxRoundTripMs) return;
      // The header has whole seconds: on average half a second has passed since.
      const measuredMs = shopTime + 500 - (sentAt + roundTripMs / 2);
      if (Math.abs(measuredMs) <= toleranceMs) aheadMs = 0;
      else if (Math.abs(measuredMs - aheadMs) > toleranceMs) aheadMs = measuredMs;
    },
  };
};

export const shopClock = createShopClock();
