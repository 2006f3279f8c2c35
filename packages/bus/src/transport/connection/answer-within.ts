import { busErrors } from '../../errors.ts';

/** Rejects with `bus.broker_away` when the work has no result after `ms`: then it goes on, and its result is ignored. */
export const answerWithin = async <T>(ms: number, broker: string, work: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const reason = `no answer within ${ms} ms`;
  const timer = setTimeout(() => reject(busErrors.broker_away({ broker, reason })), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
