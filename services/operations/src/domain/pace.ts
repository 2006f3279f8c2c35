export interface Pace {
  /** The maximum of a batch. */
  readonly size: number;
  /** The time from the begin of a batch to that of the next, in milliseconds. */
  readonly everyMs: number;
}

/** Batches that keep a rate: about two a second, of one at least. */
export const paceOf = (ratePerSecond: number, maxSize: number): Pace => {
  const size = Math.max(1, Math.min(maxSize, Math.floor(ratePerSecond / 2)));
  return { size, everyMs: (size / ratePerSecond) * 1_000 };
};
