import { perform } from '@emporium/bus';
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
import { enter } from '../store/shipments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';
import { reply } from './reply.ts';

export const onDispatchOrder = (carrier: Carrier) =>
  perform(dispatchOrder, {
    idempotencyKey: ({ data }) => `${data.orderId}/dispatch`,
    intend: async ({ data }, { tx }: Context) => {
      const { orderId, customerId } = data;
      return intendDispatch(await enter(tx, orderId, newShipment({ customerId, shipmentId: uuid() })));
    },
    outside: ({ data }, intent, { idempotencyKey: key, signal }) =>
      unlessKnown(intent, () =>
        carrier.dispatch({ reference: data.orderId, lines: data.lines, key, signal }),
      ),
    inside: ({ data }, asked, context) => conclude(data, asked, settleDispatch, context),
    expired: async ({ data }, { tx }) =>
      reply(data, expireDispatch(await enter(tx, data.orderId, expiredShipment))),
  });
