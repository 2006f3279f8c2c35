import { z } from 'zod';
import { storedOutcome } from '../idempotency-store.ts';

/** `reportedAt` is when the callback about the delivery succeeded. */
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

/** A line of the journal: the new state of a shipment, a rejection, or a tombstone for a reference. */
export const entry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('change'), shipment, answer: storedOutcome.optional() }),
  z.object({ type: z.literal('refusal'), answer: storedOutcome }),
  z.object({ type: z.literal('tombstone'), reference: z.string() }),
]);
export type Entry = z.output<typeof entry>;
