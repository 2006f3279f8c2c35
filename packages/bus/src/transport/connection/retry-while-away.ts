import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, type FailureDetails } from '../../errors.ts';

const firstDelayMs = 25;
const maxDelayMs = 250;

interface RetryOptions {
  /** How long to retry, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the broker was unavailable, so that the same work may succeed later. */
  readonly isAway: (error: unknown) => boolean;
  /** Whether the transport is closing, and nothing waits for the broker any more. */
  readonly isClosed: () => boolean;
  /** What to say of the last error. */
  readonly detailsOf: (error: unknown) => FailureDetails;
}

/**
 * Retries the work while the broker is away. Throws `bus.broker_away` after `timeoutMs`, `bus.closed` once the transport is closing,
 * and every other error at once. The work must be idempotent.
 */
export const retryWhileAway = async <T>(
  work: () => Promise<T>,
  { timeoutMs, isAway, isClosed, detailsOf }: RetryOptions,
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      if (isClosed()) throw busErrors.closed(detailsOf(error));
      if (performance.now() + delayMs > deadline) throw busErrors.broker_away(detailsOf(error));
      await sleep(delayMs);
    }
  }
};
