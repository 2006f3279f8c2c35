/** Bounds concurrent CPU-heavy work, so that a flood of it does not starve other requests. */
export interface ConcurrencyLimiter {
  /** Runs the work as soon as it may start. Returns `busy` without running it when the queue is full or the wait too long. */
  run<Result>(work: () => Promise<Result>): Promise<Result | typeof busy>;
}

export interface ConcurrencyLimiterOptions {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Callers give up after a while, and would have been served for nothing. 5 s by default. */
  readonly maxWaitMs?: number;
}

export const busy = Symbol('busy');

export const createConcurrencyLimiter = ({
  maxConcurrent,
  maxQueued,
  maxWaitMs = 5_000,
}: ConcurrencyLimiterOptions): ConcurrencyLimiter => {
  let running = 0;
  const queue = new Set<() => void>();

  /** Resolves to true when the work may start. It takes over the slot of finished work, so `running` stays the same. */
  const waitForSlot = (): Promise<boolean> =>
    new Promise((resolve) => {
      const start = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        queue.delete(start);
        resolve(false);
      }, maxWaitMs);
      queue.add(start);
    });

  return {
    run: async (work) => {
      if (running < maxConcurrent) running += 1;
      else if (queue.size >= maxQueued || !(await waitForSlot())) return busy;
      try {
        return await work();
      } finally {
        const [next] = queue;
        if (next === undefined) running -= 1;
        else {
          queue.delete(next);
          next();
        }
      }
    },
  };
};
