import { serviceConfig, streamUrl } from '@emporium/service';
import { z } from 'zod';

const degrees = z.coerce
  .number('must be a number of degrees Celsius')
  .min(0, 'must be 0 or more')
  .max(200, 'must be 200 or less')
  .meta({ examples: ['35'] });

const count = z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be 1 or more');

export const config = serviceConfig.extend({
  /** The broker of the stream; that of the shop unless given. */
  STREAM_URL: streamUrl.optional(),
  /** The length of a window. A change of it begins other windows, beside those that there are. */
  WINDOW_SECONDS: count.max(86_400, 'must be a day or less').default(60),
  /** Above it a temperature is too hot. */
  HOT_ABOVE: degrees.default(35),
  /** Farther than this from the running mean a temperature has jumped. */
  JUMP_BY: degrees.default(8),
  /** A reading that is farther in the future than this is of a wrong clock: flagged, and not counted. */
  READING_AHEAD_SECONDS: count.max(86_400, 'must be a day or less').default(300),
  /** A reading that is older than this is of a clock that was never set: flagged, and not counted. */
  READING_AGE_DAYS: count.max(36_500, 'must be a hundred years or less').default(365),
  /** How far back the stream can be read again; a reading is known for as long, and some more. Kafka keeps seven days. */
  STREAM_RETENTION_HOURS: count.max(8_760, 'must be a year or less').default(168),
});
export type Config = z.output<typeof config>;
