import type { RetryPolicy } from '@emporium/contracts';

/**
 * The delay before the next attempt, in milliseconds: exponential backoff, half of it fixed and half of it jitter, so that messages
 * that failed together are not retried together. `attempt` is the one that just failed, from 1; `random` returns [0, 1).
 */
export const backoff = (policy: RetryPolicy, attempt: number, random: () => number = Math.random): number => {
  const step = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  return Math.ceil(step / 2 + (random() * step) / 2);
};
