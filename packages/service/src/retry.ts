import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { reasonOf } from './reason.ts';

export interface RetryOptions {
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Milliseconds until it gives up; unlimited by default. */
  readonly timeoutMs?: number;
  /** Whether to retry after this failure; always by default. */
  readonly isTransient?: (error: unknown) => boolean;
  /** Ends the wait between two attempts. */
  readonly signal?: AbortSignal;
}

const firstDelayMs = 100;
const maxDelayMs = 3_000;

/**
 * Repeats `work` until it succeeds, with delays from 100 ms to 3 s. Logs each new reason once, and the success after a
 * failure. Throws the last failure when it gives up, and the signal's reason when that aborts.
 */
export const retryUntilSuccess = async <T>(
  what: string,
  work: () => Promise<T>,
  { log, timeoutMs = Number.POSITIVE_INFINITY, isTransient = () => true, signal }: RetryOptions,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  let lastReason: string | undefined;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      const result = await work();
      if (lastReason !== undefined) log.info(`${what}: succeeded`);
      return result;
    } catch (error) {
      if (!isTransient(error) || Date.now() + delayMs > deadline) throw error;
      const reason = reasonOf(error);
      if (reason !== lastReason) log.warn(`${what}: ${reason}; trying again until it succeeds`);
      lastReason = reason;
      await sleep(delayMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
};
