import { serviceConfig, streamUrl } from '@emporium/service';
import { z } from 'zod';

export const config = serviceConfig.extend({
  /** The broker of the open streams. Defaults to `BUS_URL`. */
  STREAM_URL: streamUrl.optional(),
  /** Webhooks over plain HTTP and to private addresses: for development. */
  WEBHOOKS_ALLOW_PRIVATE: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .transform((text) => text === 'true')
    .meta({ examples: ['false'] }),
  /** A webhook whose every attempt failed for so long is disabled. */
  WEBHOOKS_DISABLE_AFTER_DAYS: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(365, 'must be a year or less')
    .default(5),
});
export type Config = z.output<typeof config>;
