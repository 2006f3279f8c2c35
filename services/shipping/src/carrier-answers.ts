import { z } from 'zod';

/**
 * Every refusal that decides something, by operation, status and code. An answer that is not here, nor a success as below, is
 * no refusal: the parcel may be on its way all the same.
 */
export const refusals = {
  dispatch: { 409: ['shipment_cancelled'], 422: ['address_not_served'] },
  cancel: { 409: ['already_dispatched', 'cancellation_refused'] },
} as const;

const printable = (most: number) =>
  z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${most}}$`), `must be 1 to ${most} visible characters`);
const parcel = { id: printable(200), trackingNumber: printable(80) };

/** Where the carrier repeats what it was asked for, it has to be just that. */
const same = (reference: string) => z.literal(reference).optional();

export const shipmentOf = (reference: string) => z.object({ ...parcel, reference: same(reference) });

/** Those of this order, and there is one at least. */
export const shipmentsOf = (reference: string) =>
  z.object({ shipments: z.array(shipmentOf(reference)).min(1) });

export const cancellationOf = (reference: string) =>
  z.object({ status: z.literal('cancelled'), reference: same(reference) });
