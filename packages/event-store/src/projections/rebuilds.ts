import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@emporium/bus';
import type { Store } from '@emporium/store';
import { type Begun, createBuild } from './build.ts';
import type { Projection } from './definition.ts';

/** Builds that a person requested from a running service. */
export interface Rebuilds {
  /** Begins to build the projection beside the live one, or joins a build that has begun, and carries it on in the background. */
  request(projection: Projection): Promise<Begun>;
  /** Waits for the steps in progress. A build that is not finished stays as it is: another request carries it on. */
  stop(): Promise<void>;
}

/** Another process may carry on with the same events; look again this soon, in milliseconds. */
const waitMs = 50;

export const createRebuilds = <DB>(store: Store<DB>, log: Log): Rebuilds => {
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();

  const carryOn = async (projection: Projection): Promise<void> => {
    const build = createBuild(store, projection, log);
    while (!stopping.signal.aborted) {
      const { kind } = await build.step();
      if (kind === 'live' || kind === 'superseded' || kind === 'stopped') return;
      if (kind !== 'applied') await sleep(waitMs);
    }
  };

  /** After the one before it, which may have ended just before this build began. */
  const start = (projection: Projection): void => {
    const { name } = projection;
    const before = running.get(name) ?? Promise.resolve();
    const done = before
      .then(() => carryOn(projection))
      .catch((error: unknown) => {
        log.error({ projection: name }, `the rebuild was interrupted, request it again: ${messageOf(error)}`);
      });
    running.set(name, done);
  };

  return {
    request: async (projection) => {
      const begun = await createBuild(store, projection, log).begin();
      if (begun !== 'newer-version') start(projection);
      return begun;
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
};
