import { dispatchOrder } from '@emporium/contracts';
import { v7 as uuid } from 'uuid';
import type { Carrier } from '../carrier.ts';
import { beginDispatch, expireDispatch, recordDispatch } from '../domain/dispatch.ts';
import { callOutside } from '../store/handlers.ts';
import { shipments } from '../store/shipments.ts';
import { callOrReply, reply } from './reply.ts';

export const onDispatchOrder = (carrier: Carrier) =>
  callOutside(dispatchOrder, shipments, {
    idempotencyKey: ({ data }) => `${data.orderId}/dispatch`,
    before: ({ data }, shipment) =>
      callOrReply(data.orderId, beginDispatch(shipment, { customerId: data.customerId, shipmentId: uuid() })),
    call: (_, { message: { data }, idempotencyKey: key, signal }) =>
      carrier.dispatch({ reference: data.orderId, lines: data.lines, key, signal }),
    after: ({ data }, shipment, { request, response }) =>
      reply(data.orderId, recordDispatch(shipment, request, response)),
    expired: ({ data }, shipment) => reply(data.orderId, expireDispatch(shipment)),
  });
