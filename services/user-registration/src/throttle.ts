/** Bounds how often each client does something. */
export interface Throttle {
  /** Takes one of the client's turns. Gives 0, or after how many milliseconds there is one again: then nothing was taken. */
  take(client: string): number;
}

export interface ThrottleOptions {
  /** So many at once, and so many each minute after that. */
  readonly perMinute: number;
  /** Clients that are remembered; beyond it those that were seen longest ago begin anew. */
  readonly clients?: number;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** A token bucket for each client, in the memory of this process. */
export const createThrottle = ({
  perMinute,
  clients = 10_000,
  now = Date.now,
}: ThrottleOptions): Throttle => {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const msPerToken = 60_000 / perMinute;
  return {
    take: (client) => {
      const at = now();
      const known = buckets.get(client) ?? { tokens: perMinute, at };
      const tokens = Math.min(perMinute, known.tokens + Math.max(0, at - known.at) / msPerToken);
      buckets.delete(client); // to the end of those that may be forgotten
      buckets.set(client, { tokens: tokens < 1 ? tokens : tokens - 1, at });
      const oldest = buckets.size > clients ? buckets.keys().next().value : undefined;
      if (oldest !== undefined) buckets.delete(oldest);
      return tokens < 1 ? Math.ceil((1 - tokens) * msPerToken) : 0;
    },
  };
};
