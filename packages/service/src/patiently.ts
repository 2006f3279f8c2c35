import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { reasonOf } from './reason.ts';

export interface Patience {
  readonly log: Pick<Log, 'warn'>;
  /** For how long; as long as it takes unless given. */
  readonly ms?: number;
  /** Whether it may succeed later, after this failure; after any of them unless given. */
  readonly passes?: (error: unknown) => boolean;
}

const firstDelayMs = 100;
const maxDelayMs = 3_000;

/** Does it again until it succeeds, and says each time why it did not. Throws the last failure when there is no more to hope for. */
export const patiently = async <T>(
  what: string,
  work: () => Promise<T>,
  { log, ms = Number.POSITIVE_INFINITY, passes = () => true }: Patience,
): Promise<T> => {
  const deadline = Date.now() + ms;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await work();
    } catch (error) {
      if (!passes(error) || Date.now() + delayMs > deadline) throw error;
      log.warn(`${what}: ${reasonOf(error)}; again in ${delayMs} ms`);
      await sleep(delayMs);
    }
  }
};
