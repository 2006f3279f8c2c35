/**
 * Reads again only when the last result is older than `ms`. Calls during a read share it. A failed read is not kept.
 * `clock` returns milliseconds.
 */
export const cached = <T>(
  ms: number,
  read: () => Promise<T>,
  clock: () => number = () => performance.now(),
): (() => Promise<T>) => {
  let last: { readonly result: Promise<T>; until: number } | undefined;
  return () => {
    if (last !== undefined && clock() < last.until) return last.result;
    const reading = { result: read(), until: Number.POSITIVE_INFINITY };
    last = reading;
    reading.result.then(
      () => {
        reading.until = clock() + ms;
      },
      () => {
        if (last === reading) last = undefined;
      },
    );
    return reading.result;
  };
};
