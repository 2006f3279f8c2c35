/** Bounds work that takes a whole core, so that a flood of it starves nothing else. */
export interface Turns {
  /** What the work gives, once it had its turn; `busy`, at once, when too many wait already, and later when its turn does not come. */
  take<Result>(work: () => Promise<Result>): Promise<Result | typeof busy>;
}

export interface TurnsOptions {
  /** Works that run at one time. */
  readonly atOnce: number;
  /** Works that wait in line. */
  readonly waiting: number;
  /** How long each of them waits at most; 5 s unless given. Callers give up after a while, and would have waited for nothing. */
  readonly waitMs?: number;
}

export const busy = Symbol('busy');

export const createTurns = ({ atOnce, waiting, waitMs = 5_000 }: TurnsOptions): Turns => {
  let running = 0;
  const line = new Set<() => void>();

  /** Whether the turn came in time. It is handed on: `running` stays. */
  const queue = (): Promise<boolean> =>
    new Promise((resolve) => {
      const begin = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        line.delete(begin);
        resolve(false);
      }, waitMs);
      line.add(begin);
    });

  return {
    take: async (work) => {
      if (running < atOnce) running += 1;
      else if (line.size >= waiting || !(await queue())) return busy;
      try {
        return await work();
      } finally {
        const [next] = line;
        if (next === undefined) running -= 1;
        else {
          line.delete(next);
          next();
        }
      }
    },
  };
};
