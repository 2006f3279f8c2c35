import { serviceConfig, streamUrl } from '@emporium/service';
import { z } from 'zod';

const degrees = z.coerce
  .number('must be a number of degrees Celsius')
  .min(0, 'must be 0 or more')
  .max(200, 'must be 200 or less')
  .meta({ examples: ['35'] });

const count = z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be 1 or more');

export const config = serviceConfig.extend({
  /** The broker of the stream. Defaults to `BUS_URL`. */
  STREAM_URL: streamUrl.optional(),
  /** The length of a window. Windows of another length are kept beside the existing ones. */
  WINDOW_SECONDS: count.max(86_400, 'must be a day or less').default(60),
  /** Above this temperature a reading is too hot. */
  HOT_ABOVE: degrees.default(35),
  /** A temperature that differs more than this from the running mean is a jump. */
  JUMP_BY: degrees.default(8),
  /** A reading further in the future is flagged, and not counted. */
  READING_AHEAD_SECONDS: count.max(86_400, 'must be a day or less').default(300),
  /** An older reading is flagged, and not counted. */
  READING_AGE_DAYS: count.max(36_500, 'must be a hundred years or less').default(365),
  /** How long the broker retains the stream; duplicates are recognised for a day longer. Kafka's default is seven days. */
  STREAM_RETENTION_HOURS: count.max(8_760, 'must be a year or less').default(168),
});
export type Config = z.output<typeof config>;
