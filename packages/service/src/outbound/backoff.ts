import { Fault } from '@emporium/bus';

const maxAttempts = 3;
/** The longest total wait of one request for a peer that is busy, in milliseconds. */
const maxTotalWaitMs = 10_000;

/** Milliseconds until the next attempt; undefined when the request fails and the delivery is retried instead. */
export const retryDelayMs = (error: unknown, attempt: number, waitedMs: number): number | undefined => {
  if (!(error instanceof Fault)) return undefined;
  const { code, details } = error;
  if (code === 'outbound.failed' || code === 'outbound.unexpected')
    return attempt < maxAttempts ? withJitter(Math.min(50 * 2 ** (attempt - 1), 500)) : undefined;
  if (code !== 'outbound.busy' && code !== 'outbound.throttled') return undefined;
  const retryAfterMs = details.retryAfterMs ?? 0;
  const delayMs = Math.max(retryAfterMs, Math.min(250 * 2 ** (attempt - 1), 2_000));
  // Busy concerns this request alone, which may wait longer here; a throttled peer pauses all deliveries.
  const maxMs = code === 'outbound.busy' ? Math.max(maxTotalWaitMs, retryAfterMs) : maxTotalWaitMs;
  return waitedMs + delayMs <= maxMs ? withJitter(delayMs) : undefined;
};

/** Adds up to half, so that requests that failed together are not repeated together, and none too early. */
const withJitter = (ms: number): number => ms * (1 + Math.random() / 2);
