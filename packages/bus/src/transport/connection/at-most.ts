/** Resolves when `work` has succeeded, has failed, or has taken longer than `ms`: a silent broker must not delay a shutdown. */
export const atMost = (ms: number, work: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(end, end);
  });
