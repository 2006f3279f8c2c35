import { performBatch } from '@emporium/bus';
import { cancelShipment } from '@emporium/contracts';
import type { Carrier } from '../carrier.ts';
import { intendCancellation, settleCancellation, tombstone } from '../domain/cancellation.ts';
import type { Shipment } from '../domain/shipment.ts';
import { enterAll, saveAll, shipmentOf } from '../store/shipments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';

export const onCancelShipment = (carrier: Carrier) =>
  performBatch(cancelShipment, {
    idempotencyKey: ({ data }) => `${data.orderId}/cancel`,
    intendBatch: async (messages, { tx }: Context) => {
      const orders = messages.map(({ data }) => data.orderId);
      const shipments = await enterAll(tx, new Map(orders.map((orderId) => [orderId, tombstone])));
      const changed = new Map<string, Shipment>();
      const intents = orders.map((orderId) => {
        const { intent, shipment } = intendCancellation(shipmentOf(shipments, orderId));
        if (shipment !== undefined) changed.set(orderId, shipment);
        return intent;
      });
      await saveAll(tx, changed);
      return intents;
    },
    outside: ({ data }, intent, { idempotencyKey: key, signal }) =>
      unlessKnown(intent, () => carrier.cancel({ reference: data.orderId, key, signal })),
    insideBatch: (performed, context) =>
      conclude(performed, (shipment, _, outcome) => settleCancellation(shipment, outcome), context),
  });
