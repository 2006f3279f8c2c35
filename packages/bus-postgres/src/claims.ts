/** What one session holds of one subscription. */
export interface Claims {
  /** Ids of messages, or partitions. The server would give the session its own locks again and again. */
  readonly held: Set<string>;
  /** One claim at a time, so that each knows what the one before it took. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

export const createClaims = (): Claims => {
  let last: Promise<unknown> = Promise.resolve();
  return {
    held: new Set(),
    exclusively: (work) => {
      const next = last.then(work, work);
      last = next.catch(() => {}); // told to the one who asked for it
      return next;
    },
  };
};
