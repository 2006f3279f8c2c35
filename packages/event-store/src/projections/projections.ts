import type { Log } from '@emporium/bus';
import type { Store } from '@emporium/store';
import { maxCountedLag, measureProjections } from '../metrics.ts';
import type { Begun } from './build.ts';
import type { Projection } from './definition.ts';
import { createReadBarrier, type Reached } from './read-barrier.ts';
import type { Position } from './read-order.ts';
import { createRebuilds } from './rebuilds.ts';
import { startProjection } from './start-projection.ts';
import { failureText, type ProjectionStatus, statusOf } from './status.ts';

/** The projections of a service: how they are started, watched and waited for. */
export interface Projections {
  /** One for each, for the background of the service. */
  readonly stages: readonly { readonly name: string; start(): () => Promise<void> | void }[];
  /** One for each: throws when the projection has stopped at an event, or is more than a minute behind. */
  readonly checks: readonly { readonly name: string; readonly check: () => Promise<void> }[];
  /** Waits until the projection has applied what this version has changed; `late` after `timeoutMs`. */
  wait(projection: Projection, version: Position, timeoutMs: number): Promise<Reached>;
  /** Begins to build a projection beside the live one; any instance of the service carries it on in the background. */
  rebuild(projection: Projection): Promise<Begun>;
  status(): Promise<readonly ProjectionStatus[]>;
  statusOf(projection: Projection): Promise<ProjectionStatus>;
}

/** A projection is up to date within milliseconds. */
const maxSeconds = 60;

export const createProjections = <DB>(
  store: Store<DB>,
  projections: readonly Projection[],
  log: Log,
): Projections => {
  const barrier = createReadBarrier(store.db, log);
  const rebuilds = new Map(projections.map((each) => [each.name, createRebuilds(store, each, log)]));
  const read = (projection: Projection) => statusOf(store.db, projection, maxCountedLag);
  return {
    stages: [
      { name: 'read barrier', start: () => barrier.stop },
      { name: 'metrics of projections', start: () => measureProjections(store.readings, projections) },
      ...projections.map((each) => ({
        name: `projection ${each.name}`,
        start: () => startProjection(store, each, { log, onProgress: barrier.wake }).stop,
      })),
      ...[...rebuilds].map(([name, { start }]) => ({ name: `rebuilds of ${name}`, start })),
    ],
    checks: projections.map((each) => ({
      name: `projection ${each.name}`,
      check: async () => {
        const trouble = troubleOf(each, await read(each));
        if (trouble !== undefined) throw new Error(trouble);
      },
    })),
    wait: ({ name }, version, timeoutMs) => barrier.wait(name, version, timeoutMs),
    rebuild: async ({ name }) => {
      const found = rebuilds.get(name);
      if (found === undefined) throw new Error(`this service has no projection ${name}`);
      return found.request();
    },
    status: () => Promise.all(projections.map(read)),
    statusOf: read,
  };
};

const troubleOf = ({ version }: Projection, status: ProjectionStatus): string | undefined => {
  const { lag, failure, build } = status;
  if (failure !== undefined) return failureText(failure);
  // The failure of a build that a person runs beside live tables of this version does not degrade this process.
  if (build?.version === version && build.failure !== undefined && status.version !== version)
    return `version ${version}: ${failureText(build.failure)}`;
  if (lag.seconds <= maxSeconds) return undefined;
  return `${lagText(lag, maxCountedLag)} behind`;
};

/** Such as `12 events and 3.5 s`. */
export const lagText = ({ events, seconds }: ProjectionStatus['lag'], max: number): string =>
  `${events >= max ? `at least ${events}` : events} ${events === 1 ? 'event' : 'events'} and ${Math.round(seconds * 10) / 10} s`;
