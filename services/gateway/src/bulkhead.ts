/** Limits how many requests of one kind are in flight, so that a slow kind leaves room for all others. */
export interface Bulkhead {
  /**
   * Runs the work when there is room for it, and returns its result. Rejects with the signal's reason when that aborts before the
   * work begins, and with `rejection()` at once when the queue is full.
   */
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

export interface BulkheadOptions {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** The error for work that finds the queue full. */
  readonly rejection: () => Error;
}

export const createBulkhead = ({ maxConcurrent, maxQueued, rejection }: BulkheadOptions): Bulkhead => {
  let free = maxConcurrent;
  const queue = new Set<() => void>();

  /** Resolves when the caller has a place; `release` passes it on. */
  const acquire = (signal: AbortSignal): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    if (queue.size >= maxQueued) return Promise.reject(rejection());
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        queue.delete(begin);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.add(begin);
    });
  };

  const release = (): void => {
    const [next] = queue;
    if (next === undefined) {
      free += 1;
      return;
    }
    queue.delete(next);
    next();
  };

  return {
    run: async (work, signal) => {
      signal.throwIfAborted();
      await acquire(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
};
