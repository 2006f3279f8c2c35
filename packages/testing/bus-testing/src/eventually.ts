import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the condition holds; fails with what was seen when it does not hold in time. */
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

/** Long enough for what must not come to have come. */
export const aWhile = (ms = 300): Promise<void> => sleep(ms);
