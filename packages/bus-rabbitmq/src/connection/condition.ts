/** A condition variable: waiters check again at each change. */
export interface Condition {
  changed(): void;
  /** Resolves with the result of `look` as soon as it is not undefined, in the order of the calls; with undefined after `ms`. */
  until<T>(look: () => T | undefined, ms: number): Promise<T | undefined>;
}

export const createCondition = (): Condition => {
  const waiting = new Set<() => void>();
  return {
    changed: () => {
      for (const check of [...waiting]) check();
    },
    until: (look, ms) =>
      new Promise((resolve) => {
        const check = () => {
          const found = look();
          if (found !== undefined) end(found);
        };
        const end = (found: ReturnType<typeof look>) => {
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        };
        const timer = setTimeout(() => end(undefined), ms);
        waiting.add(check);
        check();
      }),
  };
};
