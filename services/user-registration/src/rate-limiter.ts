export interface RateLimiter {
  /** Takes a token of the client. Returns 0, or the milliseconds until there is one when none was left. */
  take(client: string): number;
}

export interface RateLimiterOptions {
  /** The size of a bucket, and the tokens that are added per minute. */
  readonly perMinute: number;
  /** The maximum of buckets in memory; those that were used longest ago are forgotten, and start full again. */
  readonly maxClients?: number;
  /** In milliseconds. */
  readonly now?: () => number;
}

/** A token bucket per client, in the memory of this process. */
export const createRateLimiter = ({
  perMinute,
  maxClients = 10_000,
  now = Date.now,
}: RateLimiterOptions): RateLimiter => {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const msPerToken = 60_000 / perMinute;
  return {
    take: (client) => {
      const at = now();
      const bucket = buckets.get(client) ?? { tokens: perMinute, at };
      const tokens = Math.min(perMinute, bucket.tokens + Math.max(0, at - bucket.at) / msPerToken);
      buckets.delete(client); // moves it to the end, as the most recently used
      buckets.set(client, { tokens: tokens < 1 ? tokens : tokens - 1, at });
      const oldest = buckets.size > maxClients ? buckets.keys().next().value : undefined;
      if (oldest !== undefined) buckets.delete(oldest);
      return tokens < 1 ? Math.ceil((1 - tokens) * msPerToken) : 0;
    },
  };
};
