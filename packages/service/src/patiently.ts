import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { reasonOf } from './reason.ts';

export interface Patience {
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** For how long; as long as it takes unless given. */
  readonly ms?: number;
  /** Whether it may succeed later, after this failure; after any of them unless given. */
  readonly passes?: (error: unknown) => boolean;
  /** Ends the wait between two tries at once, with the signal's reason. */
  readonly signal?: AbortSignal;
}

const firstDelayMs = 100;
const maxDelayMs = 3_000;

/**
 * Does it again until it succeeds. Logs each reason once, and that it succeeded in the end. Throws the last failure when
 * there is no more to hope for, and the signal's reason when it is aborted.
 */
export const patiently = async <T>(
  what: string,
  work: () => Promise<T>,
  { log, ms = Number.POSITIVE_INFINITY, passes = () => true, signal }: Patience,
): Promise<T> => {
  const deadline = Date.now() + ms;
  let lastReason: string | undefined;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      const result = await work();
      if (lastReason !== undefined) log.info(`${what}: succeeded`);
      return result;
    } catch (error) {
      if (!passes(error) || Date.now() + delayMs > deadline) throw error;
      const reason = reasonOf(error);
      if (reason !== lastReason) log.warn(`${what}: ${reason}; trying again until it succeeds`);
      lastReason = reason;
      await sleep(delayMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
};
