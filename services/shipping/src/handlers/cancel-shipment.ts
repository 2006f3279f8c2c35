import { perform } from '@emporium/bus';
import { cancelShipment } from '@emporium/contracts';
import type { Carrier } from '../carrier.ts';
import { intendCancellation, settleCancellation, tombstone } from '../domain/cancellation.ts';
import { enter, save } from '../store/shipments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';

export const onCancelShipment = (carrier: Carrier) =>
  perform(cancelShipment, {
    idempotencyKey: ({ data }) => `${data.orderId}/cancel`,
    intend: async ({ data }, { tx }: Context) => {
      const { intent, shipment } = intendCancellation(await enter(tx, data.orderId, tombstone));
      if (shipment !== undefined) await save(tx, data.orderId, shipment);
      return intent;
    },
    outside: ({ data }, intent, { idempotencyKey: key, signal }) =>
      unlessKnown(intent, () => carrier.cancel({ reference: data.orderId, key, signal })),
    inside: ({ data }, asked, context) =>
      conclude(data, asked, (shipment, _, outcome) => settleCancellation(shipment, outcome), context),
  });
