/** Bounds how many requests of one kind are on their way, so that a slow kind leaves room for all others. */
export interface Bulkhead {
  /** What the work gives, once there is room for it. Rejects with the signal's reason when it aborts before, and with `full`. */
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

export interface BulkheadOptions {
  /** On their way at one time. */
  readonly running: number;
  /** So many more wait in line. */
  readonly waiting: number;
  /** Thrown, at once, when as many wait as may. */
  readonly full: () => Error;
}

export const createBulkhead = ({ running, waiting, full }: BulkheadOptions): Bulkhead => {
  let free = running;
  const line = new Set<() => void>();

  /** Resolves with a place; it is handed on by `leave`. */
  const enter = (signal: AbortSignal): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    if (line.size >= waiting) return Promise.reject(full());
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        line.delete(begin);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      line.add(begin);
    });
  };

  const leave = (): void => {
    const [next] = line;
    if (next === undefined) {
      free += 1;
      return;
    }
    line.delete(next);
    next();
  };

  return {
    run: async (work, signal) => {
      signal.throwIfAborted();
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
};
