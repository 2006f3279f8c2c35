import type { OrderLine } from '@emporium/contracts';
import type { Outbound } from '@emporium/service';
import { cancellationOf, refusals, shipmentOf, shipmentsOf } from './carrier-answers.ts';
import type { CancellationOutcome } from './domain/cancellation.ts';
import type { DispatchOutcome } from './domain/dispatch.ts';
import type { Parcel } from './domain/shipment.ts';
import { shippingErrors } from './errors.ts';

interface Call {
  /** The same for every repetition. */
  readonly key: string;
  /** The order; the carrier has one parcel for it at most. */
  readonly reference: string;
  readonly signal: AbortSignal;
}

/**
 * The carrier. A refusal is a value, and one of those in `carrier-answers.ts`; whatever else is answered says nothing of the
 * parcel, and is thrown as `outbound.…` to be asked again. Every call may be repeated with its key: it ships once.
 */
export interface Carrier {
  dispatch(call: Call & { readonly lines: readonly OrderLine[] }): Promise<DispatchOutcome>;
  /** Of an order that the carrier does not know, too: a dispatch that comes late is refused. */
  cancel(call: Call): Promise<CancellationOutcome>;
}

export const createCarrier = (outbound: Outbound): Carrier => {
  /** What became of an order that is on its way. */
  const parcelOf = async ({ reference, signal }: Call): Promise<Parcel> => {
    const answer = await outbound.request({
      method: 'GET',
      path: `/shipments?reference=${encodeURIComponent(reference)}`,
      signal,
      success: shipmentsOf(reference),
      refusals: {},
    });
    const [found] = answer.kind === 'success' ? answer.body.shipments : [];
    if (found === undefined) throw shippingErrors.parcel_not_shown({ reference });
    return parcel(found);
  };

  return {
    dispatch: async ({ reference, lines, key, signal }) => {
      const answer = await outbound.request({
        ...{ method: 'POST', path: '/shipments', idempotencyKey: key, signal },
        body: { reference, lines },
        success: shipmentOf(reference),
        refusals: refusals.dispatch,
      });
      return answer.kind === 'success'
        ? { kind: 'dispatched', parcel: parcel(answer.body) }
        : { kind: 'refused', reason: answer.code };
    },

    cancel: async (call) => {
      const { key, reference, signal } = call;
      const answer = await outbound.request({
        ...{ method: 'POST', path: '/shipments/cancellations', idempotencyKey: key, signal },
        body: { reference },
        success: cancellationOf(reference),
        refusals: refusals.cancel,
      });
      if (answer.kind === 'success') return { kind: 'cancelled' };
      if (answer.code !== 'already_dispatched')
        throw shippingErrors.cancellation_refused({ reason: answer.code });
      return { kind: 'dispatched', parcel: await parcelOf(call) };
    },
  };
};

const parcel = ({
  id,
  trackingNumber,
}: {
  readonly id: string;
  readonly trackingNumber: string;
}): Parcel => ({
  carrierId: id,
  trackingNumber,
});
