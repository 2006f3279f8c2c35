/** Limits the orders in progress: with too many, all of them would be late. */
export interface Backlog {
  isFull(): Promise<boolean>;
}

/** How long a count is cached, in milliseconds: the limit need not be exact. */
const cacheMs = 500;

export const createBacklog = (countOpen: (max: number) => Promise<number>, limit: number): Backlog => {
  let counted: { readonly at: number; readonly full: Promise<boolean> } | undefined;
  return {
    isFull: () => {
      if (counted === undefined || Date.now() - counted.at > cacheMs) {
        const full = countOpen(limit).then((open) => open >= limit);
        counted = { at: Date.now(), full };
        full.catch(() => {
          counted = undefined;
        });
      }
      return counted.full;
    },
  };
};
