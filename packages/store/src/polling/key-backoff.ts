/** Keys whose last attempt failed, each left alone for a time that doubles with every failure. */
export interface KeyBackoff {
  /** Returns how often in a row the key has failed. */
  failed(key: string): number;
  /** Returns whether the key had failed before. */
  succeeded(key: string): boolean;
  /** The keys to leave alone now. */
  blocked(): string[];
  /** Milliseconds until the first blocked key may be tried again; Infinity when none is blocked. */
  nextMs(): number;
}

export interface KeyBackoffOptions {
  /** Wait after the first failure, in milliseconds; 200 by default. */
  readonly firstMs?: number;
  /** Longest wait, in milliseconds; 10 000 by default. */
  readonly maxMs?: number;
  /** For tests: returns milliseconds that never decrease. */
  readonly clock?: () => number;
}

/** A key that was not tried again for this long after its wait, in milliseconds, is forgotten: another process took or removed its work. */
const forgetAfterMs = 60_000;

interface Failure {
  readonly count: number;
  readonly delayMs: number;
  readonly until: number;
}

export const createKeyBackoff = ({
  firstMs = 200,
  maxMs = 10_000,
  clock = () => performance.now(),
}: KeyBackoffOptions = {}): KeyBackoff => {
  const failures = new Map<string, Failure>();
  const active = (): [string, Failure][] => {
    const now = clock();
    for (const [key, { until }] of failures) if (now - until > forgetAfterMs) failures.delete(key);
    return [...failures].filter(([, { until }]) => until > now);
  };
  return {
    failed: (key) => {
      const last = failures.get(key);
      const delayMs = last === undefined ? firstMs : Math.min(maxMs, last.delayMs * 2);
      const count = (last?.count ?? 0) + 1;
      failures.set(key, { count, delayMs, until: clock() + delayMs });
      return count;
    },
    succeeded: (key) => failures.delete(key),
    blocked: () => active().map(([key]) => key),
    nextMs: () => active().reduce((least, [, { until }]) => Math.min(least, until - clock()), Infinity),
  };
};
