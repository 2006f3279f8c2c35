import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '@emporium/bus';

/** A consumer whose place another can take. */
export interface Replaceable {
  /** Stops the consumer of now, which may end its deliveries, and starts the next, again and again until one starts. */
  replace(): void;
}

const againMs = 500;

/** A consumer that is replaced when the broker knows its subscription by another id. */
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
        // The connection tells that it is away, and whatever else fails here is tried again.
        await sleep(againMs);
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
