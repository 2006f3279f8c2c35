import type { RetryPolicy } from '@emporium/contracts';

/**
 * The delay before the next attempt, in milliseconds: exponential backoff with full jitter, so that messages that failed
 * together do not come back together. `attempt` is the one that just failed, from 1; `random` gives [0, 1).
 */
export const backoff = (policy: RetryPolicy, attempt: number, random: () => number = Math.random): number =>
  Math.ceil(random() * Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1)));
