/**
 * Returns a function that reads once at a time: calls during a read get its result. Several gauges can share one query in this way, and
 * a server that does not answer is not asked again and again.
 */
export const shared = <T>(read: () => Promise<T>): (() => Promise<T>) => {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
};
