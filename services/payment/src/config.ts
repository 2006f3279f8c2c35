import { httpUrl, milliseconds, secret, serviceConfig } from '@emporium/service';
import type { z } from 'zod';

export const config = serviceConfig.extend({
  PAYMENT_PROVIDER_URL: httpUrl('http://127.0.0.1:4010'),
  PAYMENT_API_KEY: secret,
  /** The timeout of each attempt of a request; there are three attempts. */
  PROVIDER_TIMEOUT_MS: milliseconds.min(1, 'must be 1 or more').default(2_000),
});
export type Config = z.output<typeof config>;
