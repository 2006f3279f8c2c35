import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the condition is true. Rejects with the text of `seen` when it is not true in time. */
export const eventually = async (
  condition: () => boolean | Promise<boolean>,
  seen: () => string,
  timeoutMs = 15_000,
): Promise<void> => {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${seen()}`);
    await sleep(5);
  }
};

/** Waits long enough for an unwanted message to arrive. */
export const aWhile = (ms = 300): Promise<void> => sleep(ms);
