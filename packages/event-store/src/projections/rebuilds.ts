import type { Log } from '@emporium/bus';
import { type Store, startPoller } from '@emporium/store';
import { sql } from 'kysely';
import { type Begun, type BuildProgress, createBuild } from './build.ts';
import type { Projection } from './definition.ts';

/** Carries on the builds of one projection that a person requested beside live tables of the same version. */
export interface Rebuilds {
  /** Begins to build the projection beside the live one, or joins a build that has begun. */
  request(): Promise<Begun>;
  /** Starts to carry on builds, also those that another process left unfinished; returns what stops it, after the step in progress. */
  start(): () => Promise<void>;
}

/** Interval of the search for unfinished builds, in milliseconds. A request does not wait for it. */
const idleMs = 5_000;

/** Milliseconds until the next step. */
const waits: Readonly<Record<BuildProgress['kind'], number>> = {
  applied: 0,
  live: 0,
  waiting: 50,
  'up-to-date': 50,
  'other-version': idleMs,
  superseded: idleMs,
  stopped: idleMs,
};

export const createRebuilds = <DB>(store: Store<DB>, projection: Projection, log: Log): Rebuilds => {
  const build = createBuild(store, projection, log);
  const { name, version } = projection;
  let wake = (): void => undefined;

  /** A build of another version than the live one is carried on by the projection itself. */
  const isOpen = async (): Promise<boolean> => {
    const { rows } = await sql`
      select from projection_build join projection using (name, version)
      where name = ${name} and version = ${version}`.execute(store.db);
    return rows.length > 0;
  };

  return {
    request: async () => {
      const begun = await build.begin();
      wake();
      return begun;
    },
    start: () => {
      const poller = startPoller({
        name: 'rebuild',
        facts: { projection: name },
        log,
        run: async () => ((await isOpen()) ? waits[(await build.step()).kind] : idleMs),
      });
      wake = poller.wake;
      return () => poller.stop();
    },
  };
};
