/** Bounds work that takes a whole core, so that a flood of it starves nothing else. */
export interface Turns {
  /** What the work gives, once it had its turn; `busy`, at once, when too many wait already. */
  take<Result>(work: () => Promise<Result>): Promise<Result | typeof busy>;
}

export const busy = Symbol('busy');

/** `atOnce` works run at one time, and `waiting` more wait in line. */
export const createTurns = ({ atOnce, waiting }: { atOnce: number; waiting: number }): Turns => {
  let running = 0;
  const line: (() => void)[] = [];

  return {
    take: async (work) => {
      if (running < atOnce) running += 1;
      else if (line.length >= waiting) return busy;
      else await new Promise<void>((resolve) => line.push(resolve)); // the turn is handed on: `running` stays
      try {
        return await work();
      } finally {
        const next = line.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
};
