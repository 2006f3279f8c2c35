/** Whether new orders can be taken: too many in progress would all be late. */
export interface Backlog {
  isFull(): Promise<boolean>;
}

/** A count is good for this long, in milliseconds: the limit is a guard, not a quota. */
const freshMs = 500;

export const createBacklog = (countOpen: (most: number) => Promise<number>, limit: number): Backlog => {
  let counted: { readonly at: number; readonly full: Promise<boolean> } | undefined;
  return {
    isFull: () => {
      if (counted === undefined || Date.now() - counted.at > freshMs) {
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
