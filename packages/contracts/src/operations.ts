import { z } from 'zod';
import { id } from './common.ts';
import { event } from './define.ts';

const owner = 'operations';

/** The name of a subscription: `<service>.<what>`. */
const name = z
  .string()
  .max(200)
  .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "must read 'service.what', in small letters, digits and dashes");
const reason = z.string().min(1).max(500);

/** A person has paused it: all its instances stop. The envelope's `sequence` orders it among the pauses and resumptions. */
export const subscriptionPaused = event('subscription.paused', {
  owner,
  version: 1,
  key: 'subscription',
  schema: z.object({ subscription: name, reason, by: id }),
});

export const subscriptionResumed = event('subscription.resumed', {
  owner,
  version: 1,
  key: 'subscription',
  schema: z.object({ subscription: name, reason: reason.optional(), by: id }),
});
