import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '@emporium/bus';

/** A consumer that can be replaced by a new one. */
export interface Replaceable {
  /** Stops the current consumer, which finishes its deliveries, and starts a new one; retries until one starts. */
  replace(): void;
}

const retryMs = 500;

/** `start` may call `replace` later, when the broker has the subscription under another id. */
export const createReplaceable = async (
  start: (self: Replaceable) => Promise<Consumer>,
): Promise<Consumer> => {
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let replacing: Promise<void> | undefined;

  const next = async (): Promise<void> => {
    await current.stop();
    while (state !== 'stopped') {
      try {
        current = await start(self);
        break;
      } catch {
        // The client logs a lost connection.
        await sleep(retryMs);
      }
    }
    if (state === 'stopped') await current.stop();
    else if (state === 'paused') await current.pause();
  };

  const self: Replaceable = {
    replace: () => {
      if (state === 'stopped') return;
      replacing ??= next().finally(() => {
        replacing = undefined;
      });
    },
  };

  let current = await start(self);
  return {
    status: () => current.status(),
    pause: async () => {
      if (state === 'running') state = 'paused';
      await current.pause();
    },
    resume: async () => {
      if (state === 'paused') state = 'running';
      await current.resume();
    },
    stop: async (options) => {
      state = 'stopped';
      await Promise.all([current.stop(options), replacing]);
      await current.stop(options);
    },
  };
};
