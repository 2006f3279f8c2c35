import { createService, type LifecycleStage, type Log } from '@emporium/service';
import type { Config } from './config.ts';
import { onSensorData } from './handlers/sensor-data.ts';
import { createLive } from './live.ts';
import { migrations } from './migrations/index.ts';
import { sensorRoutes } from './routes.ts';
import { recordMalformed } from './store/malformed.ts';
import type { Tables } from './store/tables.ts';

const hour = 60 * 60 * 1_000;
const day = 24 * hour;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('sensor-analytics', config, log, ({ store }) => {
    const { WINDOW_SECONDS: windowSeconds, HOT_ABOVE: hotAbove, JUMP_BY: jumpBy } = config;
    const aheadSeconds = config.READING_AHEAD_SECONDS;
    const ageSeconds = (config.READING_AGE_DAYS * day) / 1_000;
    const live = createLive({ db: store.db, windowSeconds, aheadSeconds, log });
    const watch = { windowSeconds, hotAbove, jumpBy, aheadSeconds, ageSeconds };

    return {
      description: 'Windows and alerts from the stream of sensor readings.',
      migrations,
      routes: [sensorRoutes({ store, live, windowSeconds, aheadSeconds })],
      subscriptions: { 'sensor-analytics.readings': [onSensorData(watch)] },
      unreadable: { 'sensor-analytics.readings': recordMalformed(store.db) },
      retention: [
        // A reading that can come again must be known. This service handles nothing else.
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
