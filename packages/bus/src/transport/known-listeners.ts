import { redeclareMs } from '../transport.ts';

/** The subscriptions that take a type, as the broker counts them. */
export interface Listeners {
  /** How many there are. */
  readonly count: number;
  /** How many were removed on purpose since the broker was set up. A reset of the broker forgets them. */
  readonly removed: number;
}

/**
 * How many subscriptions took a message of each type. After a reset of the broker, consumers declare their subscriptions again one
 * after the other, and a message that is published meanwhile must not be accepted for the first of them alone. A subscription that
 * was removed on purpose is not waited for.
 */
export interface KnownListeners {
  /** What a mandatory message of this type must find now: see {@link isReached}. */
  expected(type: string): Listeners;
  /** These are there now. */
  found(type: string, listeners: Listeners): void;
}

/** Expected for a message that need not reach any subscription. */
export const nobody: Listeners = { count: 0, removed: 0 };

/**
 * Whether as many subscriptions are there as expected, less those that were removed on purpose since, but at least one. Nothing is
 * required if none is expected. The publishers' statements on PostgreSQL and Redis use the same formula.
 */
export const isReached = (expected: Listeners, found: Listeners): boolean =>
  expected.count === 0 ||
  found.count >= Math.max(1, expected.count - Math.max(0, found.removed - expected.removed));

/** Fewer for so long, in milliseconds, means that the others were removed for good by other means than ours. */
const removedMs = 2 * redeclareMs;

/** Expected for the first mandatory message of a type. */
const anybody: Listeners = { count: 1, removed: 0 };

interface Known extends Listeners {
  readonly fewerSince?: number;
}

/** `clock` returns milliseconds. */
export const createKnownListeners = (clock: () => number = () => performance.now()): KnownListeners => {
  const types = new Map<string, Known>();
  return {
    expected: (type) => {
      const known = types.get(type);
      return known === undefined || known.count === 0 ? anybody : known;
    },
    found: (type, { count, removed }) => {
      const known = types.get(type);
      if (known?.count === count && known.removed === removed && known.fewerSince === undefined) return;
      if (known !== undefined && !isReached(known, { count, removed })) {
        const fewerSince = known.fewerSince ?? clock();
        if (clock() - fewerSince < removedMs) {
          types.set(type, { ...known, fewerSince });
          return;
        }
      }
      types.set(type, { count, removed });
    },
  };
};
