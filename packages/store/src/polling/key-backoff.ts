/** Keys whose first row was refused, each left alone for a while that doubles with every refusal. */
export interface Holds {
  refused(key: string): void;
  accepted(key: string): void;
  /** The keys to leave alone now. */
  keys(): string[];
  /** Until the first of them is tried again, in milliseconds; Infinity where there is none. */
  nextMs(): number;
}

const firstMs = 200;
const mostMs = 10_000;
/** A key that was not tried again for so long has gone elsewhere: its row was taken back, or another relay has it. */
const forgottenMs = 60_000;

interface Hold {
  readonly delayMs: number;
  readonly until: number;
}

/** `clock` gives milliseconds that never go back. */
export const createHolds = (clock: () => number = () => performance.now()): Holds => {
  const holds = new Map<string, Hold>();
  const active = (): [string, Hold][] => {
    const now = clock();
    for (const [key, { until }] of holds) if (now - until > forgottenMs) holds.delete(key);
    return [...holds].filter(([, { until }]) => until > now);
  };
  return {
    refused: (key) => {
      const delayMs = Math.min(mostMs, (holds.get(key)?.delayMs ?? firstMs / 2) * 2);
      holds.set(key, { delayMs, until: clock() + delayMs });
    },
    accepted: (key) => void holds.delete(key),
    keys: () => active().map(([key]) => key),
    nextMs: () => active().reduce((least, [, { until }]) => Math.min(least, until - clock()), Infinity),
  };
};
