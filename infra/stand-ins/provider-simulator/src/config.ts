import { httpUrl, milliseconds, processConfig, secret } from '@emporium/service';
import { z } from 'zod';

export const config = processConfig.extend({
  PAYMENT_API_KEY: secret,
  CARRIER_API_KEY: secret,
  /** Without it anyone may set faults and read the ledger. */
  SIMULATOR_ADMIN_KEY: secret.optional(),
  /** Where deliveries are reported. Without it they are not reported. */
  CARRIER_CALLBACK_URL: httpUrl('http://127.0.0.1:8080/api/webhooks/carrier').optional(),
  CARRIER_WEBHOOK_SECRET: secret,
  /** The time from dispatch to delivery. */
  DELIVERY_DELAY_MS: milliseconds.default(1_000),
  /** How long an authorisation is valid. */
  AUTHORISATION_TTL_MS: milliseconds.default(86_400_000),
  /** The length of a stall without `delayMs`. */
  STALL_MS: milliseconds.default(30_000),
  /** The prefix of two files of JSON lines. Without it the state is kept in memory only. */
  STATE_FILE: z.string().optional(),
});
export type Config = z.output<typeof config>;
