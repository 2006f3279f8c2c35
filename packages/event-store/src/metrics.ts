import { gauge, shared } from '@emporium/telemetry';
import type { Kysely } from 'kysely';
import type { Projection } from './projections/definition.ts';
import { statusOf } from './projections/status.ts';

const lagEvents = gauge({
  name: 'emporium_projection_lag_events',
  help: 'Stored events that the projection has not applied, counted up to 10000.',
  labels: ['emporium_projection_name'],
});

const lagSeconds = gauge({
  name: 'emporium_projection_lag_seconds',
  help: 'Age of the oldest stored event that the projection has not applied.',
  labels: ['emporium_projection_name'],
});

/** Events that are counted for the lag of a status. */
export const maxCountedLag = 10_000;

/** Shows how far the live tables are behind, until the returned function is called. */
export const measureProjections = <DB>(db: Kysely<DB>, projections: readonly Projection[]): (() => void) => {
  const read = shared(() =>
    Promise.all(
      projections.map(async (projection) => {
        const { name, lag } = await statusOf(db, projection, maxCountedLag);
        return { labels: { emporium_projection_name: name }, lag };
      }),
    ),
  );
  const stops = [
    lagEvents.from(async () => (await read()).map(({ labels, lag }) => ({ labels, value: lag.events }))),
    lagSeconds.from(async () => (await read()).map(({ labels, lag }) => ({ labels, value: lag.seconds }))),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};
