import { httpUrl, milliseconds, secret, serviceConfig } from '@emporium/service';
import type { z } from 'zod';

export const config = serviceConfig.extend({
  CARRIER_URL: httpUrl('http://127.0.0.1:4010'),
  CARRIER_API_KEY: secret,
  /** The timeout of each attempt of a request; there are three attempts. */
  CARRIER_TIMEOUT_MS: milliseconds.min(1, 'must be 1 or more').default(2_000),
  /** The key of the signature in callbacks. */
  CARRIER_WEBHOOK_SECRET: secret,
});
export type Config = z.output<typeof config>;
