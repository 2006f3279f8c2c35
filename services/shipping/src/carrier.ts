import type { OrderLine } from '@emporium/contracts';
import type { Outbound } from '@emporium/service';
import {
  cancellationOf,
  refusals,
  type ShipmentResponse,
  shipmentOf,
  shipmentsOf,
} from './carrier-responses.ts';
import type { CancellationOutcome } from './domain/cancellation.ts';
import type { DispatchOutcome } from './domain/dispatch.ts';
import type { Parcel } from './domain/shipment.ts';
import { shippingErrors } from './errors.ts';

interface Call {
  /** The idempotency key; the same for every attempt. */
  readonly key: string;
  /** The order id. The carrier has at most one parcel for it. */
  readonly reference: string;
  readonly signal: AbortSignal;
}

/**
 * A refusal listed in `carrier-responses.ts` is returned as a value. Any other unsuccessful response is thrown as an
 * `outbound.…` error and retried, since the parcel may have been dispatched. Calls are idempotent by `key`.
 */
export interface Carrier {
  dispatch(call: Call & { readonly lines: readonly OrderLine[] }): Promise<DispatchOutcome>;
  /** If the carrier does not know the order yet, it refuses a later dispatch. */
  cancel(call: Call): Promise<CancellationOutcome>;
}

export const createCarrier = (outbound: Outbound): Carrier => {
  const post = (path: string, body: unknown, { key, signal }: Call) =>
    ({ method: 'POST', path, body, idempotencyKey: key, signal }) as const;

  /** Looks up the parcel of an order that was dispatched. */
  const parcelOf = async ({ reference, signal }: Call): Promise<Parcel> => {
    const response = await outbound.request({
      method: 'GET',
      path: `/shipments?reference=${encodeURIComponent(reference)}`,
      signal,
      success: shipmentsOf(reference),
      refusals: {},
    });
    const [found] = response.kind === 'success' ? response.body.shipments : [];
    if (found === undefined) throw shippingErrors.parcel_not_shown({ reference });
    return parcel(found);
  };

  return {
    dispatch: async ({ lines, ...call }) => {
      const response = await outbound.request({
        ...post('/shipments', { reference: call.reference, lines }, call),
        success: shipmentOf(call.reference),
        refusals: refusals.dispatch,
      });
      return response.kind === 'success'
        ? { kind: 'dispatched', parcel: parcel(response.body) }
        : { kind: 'refused', reason: response.code };
    },

    cancel: async (call) => {
      const { reference } = call;
      const response = await outbound.request({
        ...post('/shipments/cancellations', { reference }, call),
        success: cancellationOf(reference),
        refusals: refusals.cancel,
      });
      if (response.kind === 'success') return { kind: 'cancelled' };
      if (response.code !== 'already_dispatched')
        throw shippingErrors.cancellation_refused({ reason: response.code });
      return { kind: 'dispatched', parcel: await parcelOf(call) };
    },
  };
};

const parcel = ({ id, trackingNumber }: ShipmentResponse): Parcel => ({ carrierId: id, trackingNumber });
