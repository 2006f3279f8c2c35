import { redeclareMs } from '../transport.ts';

/**
 * How many subscriptions took a message of each type. When a broker was reset, its consumers declare their subscriptions again
 * one after the other: what is published meanwhile must not be accepted for the first of them alone.
 */
export interface KnownListeners {
  /** How many subscriptions a mandatory message of this type must reach now. */
  least(type: string): number;
  /** There are so many now. */
  found(type: string, count: number): void;
}

/** Fewer for so long, in milliseconds, means that the others were removed for good. */
const removedMs = 2 * redeclareMs;

interface Known {
  readonly count: number;
  fewerSince: number | undefined;
}

/** `clock` returns milliseconds. */
export const createKnownListeners = (clock: () => number = () => performance.now()): KnownListeners => {
  const types = new Map<string, Known>();
  return {
    least: (type) => Math.max(1, types.get(type)?.count ?? 0),
    found: (type, count) => {
      const known = types.get(type);
      if (known !== undefined && count < known.count) {
        known.fewerSince ??= clock();
        if (clock() - known.fewerSince < removedMs) return;
      }
      if (known?.count === count && known.fewerSince === undefined) return;
      types.set(type, { count, fewerSince: undefined });
    },
  };
};
