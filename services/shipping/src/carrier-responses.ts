import { z } from 'zod';

/**
 * The definite refusals, by operation, status and code. Any response that is neither one of these nor a valid success is
 * unclear: the parcel may have been dispatched.
 */
export const refusals = {
  dispatch: { 409: ['shipment_cancelled'], 422: ['address_not_served'] },
  cancel: { 409: ['already_dispatched', 'cancellation_refused'] },
} as const;

const printable = (maxLength: number) =>
  z
    .string()
    .regex(new RegExp(`^[\\x21-\\x7e]{1,${maxLength}}$`), `must be 1 to ${maxLength} visible characters`);
const parcel = { id: printable(200), trackingNumber: printable(80) };

/** A field that repeats the request must match it. */
const same = (reference: string) => z.literal(reference).optional();

export const shipmentOf = (reference: string) => z.object({ ...parcel, reference: same(reference) });
export type ShipmentResponse = z.output<ReturnType<typeof shipmentOf>>;

/** At least one shipment, all of this order. */
export const shipmentsOf = (reference: string) =>
  z.object({ shipments: z.array(shipmentOf(reference)).min(1) });

export const cancellationOf = (reference: string) =>
  z.object({ status: z.literal('cancelled'), reference: same(reference) });
