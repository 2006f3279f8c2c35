import { createService, type LifecycleStage, type Log } from '@emporium/service';
import type { Config } from './config.ts';
import { onSensorData } from './handlers/sensor-data.ts';
import { createLiveFeed } from './live-feed.ts';
import { migrations } from './migrations/index.ts';
import { sensorRoutes } from './routes.ts';
import { recordMalformed } from './store/malformed.ts';
import type { Tables } from './store/tables.ts';

const hour = 60 * 60 * 1_000;
const day = 24 * hour;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('sensor-analytics', config, log, ({ store }) => {
    const { WINDOW_SECONDS: windowSeconds, HOT_ABOVE: hotAbove, JUMP_BY: jumpBy } = config;
    const maxAheadSeconds = config.READING_AHEAD_SECONDS;
    const maxAgeSeconds = (config.READING_AGE_DAYS * day) / 1_000;
    const liveFeed = createLiveFeed({ db: store.db, windowSeconds, maxAheadSeconds, log });
    const options = { windowSeconds, hotAbove, jumpBy, maxAheadSeconds, maxAgeSeconds };

    return {
      description: 'Aggregates sensor readings into windows, and raises temperature alerts.',
      migrations,
      routes: [sensorRoutes({ store, liveFeed, windowSeconds, maxAheadSeconds })],
      subscriptions: { 'sensor-analytics.readings': [onSensorData(options)] },
      unreadable: { 'sensor-analytics.readings': recordMalformed(store.db) },
      retention: [
        // Duplicates must be recognised for as long as the stream can be read again. The inbox has no other messages.
        { table: 'inbox', column: 'handled_at', keepMs: config.STREAM_RETENTION_HOURS * hour + day },
        { table: 'reading_window', column: 'updated_at', keepMs: 90 * day },
        { table: 'excursion', column: 'updated_at', keepMs: 90 * day },
        { table: 'sensor', column: 'updated_at', keepMs: 90 * day },
        { table: 'alert', column: 'raised_at', keepMs: 365 * day },
        { table: 'malformed_reading', column: 'at', keepMs: 90 * day },
        { table: 'flagged_reading', column: 'last_at', keepMs: 90 * day },
      ],
    };
  });
