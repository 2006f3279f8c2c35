/**
 * Settles as the work does, or rejects after `ms` with the error that `late` returns. The work itself goes on, and its result is ignored.
 */
export const within = async <T>(
  ms: number,
  work: Promise<T>,
  late = (): Error => new Error(`no answer within ${ms} ms`),
): Promise<T> => {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), ms);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
};
