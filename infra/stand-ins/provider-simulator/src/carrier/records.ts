import { z } from 'zod';
import { remembered } from '../outcome.ts';

/** `reported` is when the callback about the delivery was taken. */
export const shipment = z.object({
  id: z.string(),
  trackingNumber: z.string(),
  reference: z.string(),
  status: z.enum(['dispatched', 'delivered']),
  dispatchedAt: z.string(),
  deliveredAt: z.string().optional(),
  reportedAt: z.string().optional(),
  eventId: z.string(),
});
export type Shipment = z.output<typeof shipment>;

/** One line of the journal: a shipment as it now is, a refusal, or a tombstone for a reference. */
export const entry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('change'), shipment, answer: remembered.optional() }),
  z.object({ type: z.literal('refusal'), answer: remembered }),
  z.object({ type: z.literal('tombstone'), reference: z.string() }),
]);
export type Entry = z.output<typeof entry>;
