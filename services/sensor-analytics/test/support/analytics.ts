import { shop } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createStore, type Store } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import { onSensorData } from '../../src/handlers/sensor-data.ts';
import { migrations } from '../../src/migrations/index.ts';
import type { Tables } from '../../src/store/tables.ts';
import { arriving, byLocationAndTime, outgoing, type Reading, type Window } from './readings.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const options = {
  windowSeconds: 60,
  hotAbove: 35,
  jumpBy: 8,
  maxAheadSeconds: 300,
  maxAgeSeconds: 365 * 86_400,
};

/** The service's database and handler without a broker: published events stay in the outbox. */
export const openAnalytics = async (serverUrl: string) => {
  const { url, drop } = await freshDatabase(serverUrl);
  const subscription = shop.subscription('sensor-analytics.readings');
  if (subscription === undefined) throw new Error('sensor-analytics.readings is not registered');
  const stores: Store<Tables>[] = [];
  /** Another process of the service on the same database. */
  const instance = () => {
    const store = createStore<Tables>({ service: 'sensor-analytics', registry: shop, url, log: silent });
    stores.push(store);
    const { run } = store.runner(subscription, [onSensorData(options)], { groupSize: 500 });
    const handleBytes = async (bodies: readonly Uint8Array[]): Promise<void> => {
      await Promise.all(bodies.map((body) => run(arriving(body), new AbortController().signal)));
    };
    const handle = (readings: readonly Reading[]) => handleBytes(readings.map((each) => outgoing(each).body));
    return { store, handle, handleBytes };
  };
  const { store, handle, handleBytes } = instance();
  await store.migrate(migrations);

  return {
    store,
    handle,
    handleBytes,
    instance,
    flagged: () =>
      store.db.selectFrom('flagged_reading').selectAll().orderBy('sensor_id').orderBy('flag').execute(),
    windows: () => readWindows(store.db),
    /** The published events, in order. */
    published: async () => {
      const { rows } = await sql<{ body: Buffer }>`select body from outbox order by id`.execute(store.db);
      return rows.map(({ body }) => JSON.parse(body.toString()));
    },
    close: async () => {
      await Promise.all(stores.map((each) => each.close()));
      await drop();
    },
  };
};

export const readWindows = async (db: Kysely<Tables>): Promise<Window[]> => {
  const rows = await db.selectFrom('reading_window').selectAll().execute();
  return rows
    .map((row) => ({
      location: row.location,
      start: row.start.getTime() / 1_000,
      readings: row.readings,
      temperature: [row.temperature_min, row.temperature_max, row.temperature_sum] as const,
      humidity: [row.humidity_min ?? Number.NaN, row.humidity_max ?? Number.NaN, row.humidity_sum] as const,
    }))
    .toSorted(byLocationAndTime);
};
