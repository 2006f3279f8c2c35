import { httpUrl, secret, serviceConfig, streamUrl } from '@emporium/service';
import { z } from 'zod';

const count = z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be 1 or more');

export const config = serviceConfig.extend({
  /** The broker of the open streams, whose dead letters are stored here too. Defaults to `BUS_URL`. */
  STREAM_URL: streamUrl.optional(),
  /** Dead letters that have been open for this many days are discarded. */
  OPEN_DEAD_LETTERS_DAYS: count.max(36_500, 'must be a hundred years or less').default(180),
  /** The maximum of open dead letters per subscription, and of resolved ones. */
  DEAD_LETTERS_PER_SUBSCRIPTION: count.max(10_000_000, 'must be ten million or less').default(250_000),
  /** The maximum of stored spans; beyond it the oldest are dropped before their hour is over. */
  SPANS_MAX_ROWS: count
    .min(1_300, 'must be 1300 or more')
    .max(100_000_000, 'must be a hundred million or less')
    .default(1_000_000),
  /** About what they may take on disk, in bytes. */
  SPANS_MAX_BYTES: count.min(1_048_576, 'must be 1048576 or more').default(1_073_741_824),
  /** The launcher of a shop in development, which controls its processes, and its token. Without them there is no such control. */
  LAUNCHER_URL: httpUrl('http://127.0.0.1:9000').optional(),
  LAUNCHER_TOKEN: secret.optional(),
});
export type Config = z.output<typeof config>;
