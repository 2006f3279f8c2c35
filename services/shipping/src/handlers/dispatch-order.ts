import { performBatch } from '@emporium/bus';
import { dispatchOrder } from '@emporium/contracts';
import { v7 as uuid } from 'uuid';
import type { Carrier } from '../carrier.ts';
import {
  expireDispatch,
  expiredShipment,
  intendDispatch,
  newShipment,
  settleDispatch,
} from '../domain/dispatch.ts';
import { enterAll, shipmentOf } from '../store/shipments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';
import { reply } from './reply.ts';

export const onDispatchOrder = (carrier: Carrier) =>
  performBatch(dispatchOrder, {
    idempotencyKey: ({ data }) => `${data.orderId}/dispatch`,
    intendBatch: async (messages, { tx }: Context) => {
      const initial = messages.map(
        ({ data: { orderId, customerId } }) =>
          [orderId, newShipment({ customerId, shipmentId: uuid() })] as const,
      );
      const shipments = await enterAll(tx, new Map(initial));
      return messages.map(({ data }) => intendDispatch(shipmentOf(shipments, data.orderId)));
    },
    outside: ({ data }, intent, { idempotencyKey: key, signal }) =>
      unlessKnown(intent, () =>
        carrier.dispatch({ reference: data.orderId, lines: data.lines, key, signal }),
      ),
    insideBatch: (performed, context) => conclude(performed, settleDispatch, context),
    expired: async ({ data }, { tx }) => {
      const shipments = await enterAll(tx, new Map([[data.orderId, expiredShipment]]));
      return reply(data, expireDispatch(shipmentOf(shipments, data.orderId)));
    },
  });
