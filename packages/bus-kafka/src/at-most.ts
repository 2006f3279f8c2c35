/** Resolves when the work is done, has failed, or took longer than `ms`: for what a broker that answers no more must not hold up. */
export const atMost = (ms: number, work: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(end, end);
  });
