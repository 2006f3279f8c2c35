import { httpUrl, milliseconds, processConfig, secret } from '@emporium/service';
import { z } from 'zod';

export const config = processConfig.extend({
  PAYMENT_API_KEY: secret,
  CARRIER_API_KEY: secret,
  /** Without it anybody may set faults and read the ledger: for development. */
  SIMULATOR_ADMIN_KEY: secret.optional(),
  /** Where deliveries are reported; without it they are not. */
  CARRIER_CALLBACK_URL: httpUrl('http://127.0.0.1:8080/api/webhooks/carrier').optional(),
  CARRIER_WEBHOOK_SECRET: secret,
  /** From the dispatch to the delivery. */
  DELIVERY_DELAY_MS: milliseconds.default(1_000),
  /** How long an authorisation holds. */
  AUTHORISATION_TTL_MS: milliseconds.default(86_400_000),
  /** How long a stall takes that names no time of its own. */
  STALL_MS: milliseconds.default(30_000),
  /** JSON lines; without it the ledger ends with the process. */
  STATE_FILE: z.string().optional(),
});
export type Config = z.output<typeof config>;
