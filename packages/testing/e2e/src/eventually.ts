import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `read` until its value fulfils the condition. Rejects, with the last value, when it does not in time. */
export const eventually = async <Value>(
  what: string,
  read: () => Promise<Value>,
  isFulfilled: (value: Value) => boolean,
  timeoutMs = 30_000,
): Promise<Value> => {
  const until = Date.now() + timeoutMs;
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 1.3, 1_000)) {
    const value = await read();
    if (isFulfilled(value)) return value;
    if (Date.now() > until)
      throw new Error(`${what}: not within ${timeoutMs} ms: ${JSON.stringify(value).slice(0, 500)}`);
    await sleep(delayMs);
  }
};
