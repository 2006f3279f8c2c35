import type { OrderLine } from '@emporium/contracts';
import { type Outbound, type OutboundAnswer, outboundErrors } from '@emporium/service';
import { z } from 'zod';
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
 * The carrier. A refusal is a value; what may be better later is thrown as `outbound.…`. Every call may be repeated with its
 * key: it ships once.
 */
export interface Carrier {
  dispatch(call: Call & { readonly lines: readonly OrderLine[] }): Promise<DispatchOutcome>;
  /** Of an order that the carrier does not know, too: a dispatch that comes late is refused. */
  cancel(call: Call): Promise<CancellationOutcome>;
}

const shipment = z.object({ id: z.string().min(1), trackingNumber: z.string().min(1).max(80) });
const shipments = z.object({ shipments: z.array(shipment) });
const refusal = z.object({ code: z.string().min(1) });

export const createCarrier = (outbound: Outbound): Carrier => {
  /** What became of an order that is on its way. */
  const parcelOf = async ({ reference, signal }: Call): Promise<Parcel> => {
    const path = `/shipments?reference=${encodeURIComponent(reference)}`;
    const answer = await outbound.request({ method: 'GET', path, signal });
    if (!isSuccess(answer)) throw shippingErrors.parcel_not_shown({ reason: reasonOf(answer) });
    const [found] = read(shipments, answer).shipments;
    if (found === undefined) throw shippingErrors.parcel_not_shown({ reference });
    return parcel(found);
  };

  return {
    dispatch: async ({ reference, lines, key, signal }) => {
      const answer = await outbound.request({
        ...{ method: 'POST', path: '/shipments', idempotencyKey: key, signal },
        body: { reference, lines },
      });
      return isSuccess(answer)
        ? { kind: 'dispatched', parcel: parcel(read(shipment, answer)) }
        : { kind: 'refused', reason: reasonOf(answer) };
    },

    cancel: async (call) => {
      const { key, reference, signal } = call;
      const answer = await outbound.request({
        ...{ method: 'POST', path: '/shipments/cancellations', idempotencyKey: key, signal },
        body: { reference },
      });
      if (isSuccess(answer)) return { kind: 'cancelled' };
      const reason = reasonOf(answer);
      if (reason !== 'already_dispatched') throw shippingErrors.cancellation_refused({ reason });
      return { kind: 'dispatched', parcel: await parcelOf(call) };
    },
  };
};

const parcel = ({ id, trackingNumber }: z.output<typeof shipment>): Parcel => ({
  carrierId: id,
  trackingNumber,
});

const isSuccess = ({ status }: OutboundAnswer): boolean => status >= 200 && status < 300;

/** The code of a refusal. A 400 is none: then we asked for something that makes no sense. */
const reasonOf = ({ status, body }: OutboundAnswer): string => {
  const code = refusal.safeParse(body).data?.code.slice(0, 500);
  if (status === 400) throw outboundErrors.unexpected({ status, code });
  return code ?? `refused with ${status}`;
};

const read = <S extends z.ZodType>(schema: S, { status, body }: OutboundAnswer): z.output<S> => {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw outboundErrors.unexpected({ status, cause: result.error });
};
