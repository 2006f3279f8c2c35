import type { RetryPolicy } from '@emporium/contracts';

/**
 * The delay before the next attempt, in milliseconds: exponential backoff of which half is fixed and half is jitter, so that
 * attempts are never over within a moment, and messages that failed together do not come back together. `attempt` is the one
 * that just failed, from 1; `random` returns [0, 1).
 */
export const backoff = (policy: RetryPolicy, attempt: number, random: () => number = Math.random): number => {
  const step = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  return Math.ceil(step / 2 + (random() * step) / 2);
};
