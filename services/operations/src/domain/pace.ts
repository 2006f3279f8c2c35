export interface Pace {
  /** The maximum of a batch. */
  readonly size: number;
  /** The time from the begin of a batch to that of the next, in milliseconds. */
  readonly everyMs: number;
}

/** Of a job that grows: ten seconds at 1 a second, then at 10, at 100, … up to `rate`. It follows from what is done, so that it survives a restart. */
export const rateOf = ({
  rate,
  growing,
  done,
}: {
  readonly rate: number;
  readonly growing: boolean;
  readonly done: number;
}): number => {
  if (!growing) return rate;
  let [now, handled] = [1, 10];
  while (done >= handled && now < rate) {
    now *= 10;
    handled += now * 10;
  }
  return Math.min(now, rate);
};

/** Batches that keep a rate: about two a second, of one at least. */
export const paceOf = (ratePerSecond: number, maxSize: number): Pace => {
  const size = Math.max(1, Math.min(maxSize, Math.floor(ratePerSecond / 2)));
  return { size, everyMs: (size / ratePerSecond) * 1_000 };
};
