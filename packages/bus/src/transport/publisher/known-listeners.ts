import { redeclareMs } from '../../transport.ts';

/** How many subscriptions listen to a type, as the broker counts them. */
export interface Listeners {
  readonly count: number;
  /** How many were removed on purpose since the broker was set up. A reset of the broker sets it to 0. */
  readonly removed: number;
}

/**
 * Remembers how many subscriptions listen to each type. After a reset of the broker, consumers declare their subscriptions again one
 * after the other; a message that is published meanwhile must not be accepted for the first of them alone. It does not wait for a
 * subscription that was removed on purpose.
 */
export interface KnownListeners {
  /** The listeners that a mandatory message of this type needs: see {@link isReached}. */
  expected(type: string): Listeners;
  /** Call with the listeners that the broker has now. */
  found(type: string, listeners: Listeners): void;
}

/** Expected for a message that is not mandatory. */
export const noListeners: Listeners = { count: 0, removed: 0 };

/**
 * Whether as many subscriptions listen as expected, less those that were removed on purpose since, and at least one. Always true if
 * none is expected. The publishers' statements on PostgreSQL and Redis use the same formula.
 */
export const isReached = (expected: Listeners, found: Listeners): boolean =>
  expected.count === 0 ||
  found.count >= Math.max(1, expected.count - Math.max(0, found.removed - expected.removed));

/** If fewer listen for so long, in milliseconds, the others were removed for good, by other means than `topology prune`. */
const removedAfterMs = 2 * redeclareMs;

/** Expected for the first mandatory message of a type. */
const oneListener: Listeners = { count: 1, removed: 0 };

interface Known extends Listeners {
  readonly fewerSince?: number;
}

/** `clock` returns milliseconds. */
export const createKnownListeners = (clock: () => number = () => performance.now()): KnownListeners => {
  const types = new Map<string, Known>();
  return {
    expected: (type) => {
      const known = types.get(type);
      return known === undefined || known.count === 0 ? oneListener : known;
    },
    found: (type, { count, removed }) => {
      const known = types.get(type);
      if (known?.count === count && known.removed === removed && known.fewerSince === undefined) return;
      if (known !== undefined && !isReached(known, { count, removed })) {
        const fewerSince = known.fewerSince ?? clock();
        if (clock() - fewerSince < removedAfterMs) {
          types.set(type, { ...known, fewerSince });
          return;
        }
      }
      types.set(type, { count, removed });
    },
  };
};
