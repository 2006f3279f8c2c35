/**
 * Calls at the same time share one run of `read`, and so do calls within `ms` after it began and succeeded: many readers cost as much
 * as one. A failure is not kept.
 */
export const sharedFor = <Result>(ms: number, read: () => Promise<Result>): (() => Promise<Result>) => {
  let current: { readonly result: Promise<Result>; readonly until: number } | undefined;
  let isRunning = false;
  return () => {
    if (current !== undefined && (isRunning || performance.now() < current.until)) return current.result;
    isRunning = true;
    const result = read();
    current = { result, until: performance.now() + ms };
    result.then(
      () => {
        isRunning = false;
      },
      () => {
        isRunning = false;
        current = undefined;
      },
    );
    return result;
  };
};
