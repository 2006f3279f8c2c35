import { milliseconds, processConfig, streamUrl } from '@emporium/service';
import { z } from 'zod';

/** Readings per second, of all sensors together. */
const rate = z.coerce
  .number('must be a number of readings per second')
  .min(1, 'must be 1 or more')
  .max(100_000, 'must be 100000 or less')
  .meta({ examples: ['10'] });

export const config = processConfig.extend({
  STREAM_URL: streamUrl,
  READINGS_PER_SECOND: rate.default(10),
  /** The mean time between two random anomalies; 0 for none. */
  ANOMALY_INTERVAL_MS: milliseconds.default(300_000),
});
export type Config = z.output<typeof config>;
