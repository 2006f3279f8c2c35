/** Something that others wait for: they look again whenever it changed. */
export interface Condition {
  changed(): void;
  /** Resolves with what `look` gives as soon as that is not undefined, in the order of asking; undefined after `ms`. */
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
