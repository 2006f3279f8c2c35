import {
  paymentRefundDeclined,
  paymentRefunded,
  refundPayment,
  returnStock,
  stockReturned,
} from '@emporium/contracts';
import { v7 as uuid } from 'uuid';
import { expect } from 'vitest';
import { messageOf, type Orders, type Published, type RequestOptions } from './orders.ts';
import { converse, createAnswering } from './replies.ts';

export const lines = [
  { sku: 'MUG-1', quantity: 2 },
  { sku: 'LAMP-7', quantity: 1 },
];
export const total = { amount: 7_400, currency: 'EUR' };
export const reason = 'broken handle';
export const eur = (amount: number) => ({ amount, currency: 'EUR' });

/** Requests about the refunds of orders, and the replies of payment and inventory. */
export const createRefunds = (orders: Orders) => {
  const administrator = { as: uuid(), role: 'administrator' } as const;
  const path = (orderId: string) => `/api/admin/orders/${orderId}/refunds`;
  const place = async () => {
    const customerId = uuid();
    const payload = { lines, paymentToken: 'tok_ok' };
    const { body } = await orders.ask('POST', '/api/orders', { as: customerId, payload });
    return { orderId: String(body.orderId), customerId, lines, total, paymentToken: 'tok_ok' };
  };

  return {
    administrator,
    place,
    completed: async () => {
      const order = await place();
      await converse(orders, createAnswering(order));
      return order;
    },
    request: (orderId: string, payload: unknown, options: RequestOptions = administrator) =>
      orders.ask('POST', path(orderId), { ...options, payload }),
    requested: async (orderId: string, payload: object): Promise<string> => {
      const answer = await orders.ask('POST', path(orderId), {
        ...administrator,
        payload: { reason, ...payload },
      });
      expect([answer.status, answer.body.status]).toEqual([202, 'in-progress']);
      return answer.body.refundId;
    },
    resume: (orderId: string, refundId: string) =>
      orders.ask('POST', `${path(orderId)}/${refundId}/resume`, administrator),
    list: async (orderId: string) => (await orders.ask('GET', path(orderId), administrator)).body,
    view: async ({ orderId, customerId }: { orderId: string; customerId: string }) =>
      (await orders.ask('GET', `/api/orders/${orderId}`, { as: customerId })).body,
    paidBack: (orderId: string, refundId: string, amount: number, attempt = 1) =>
      messageOf(
        'payment',
        paymentRefunded,
        { orderId, refundId, amount: eur(amount) },
        { stepId: `${refundId}/refund/${attempt}` },
      ),
    declined: (orderId: string, refundId: string, attempt = 1) =>
      messageOf(
        'payment',
        paymentRefundDeclined,
        { orderId, refundId, reason: 'refund_refused' },
        { stepId: `${refundId}/refund/${attempt}` },
      ),
    returned: (orderId: string, refundId: string) =>
      messageOf('inventory', stockReturned, { orderId, refundId }, { stepId: `${refundId}/return/1` }),
  };
};

/** The type, the step id and the data of the commands of refunds, and of events about them. */
export const aboutRefunds = (published: readonly Published[]) =>
  published
    .filter(({ type }) => /refund/.test(type) || type === returnStock.type || type === refundPayment.type)
    .map(({ type, stepid, data }) => [type, ...(stepid === undefined ? [] : [stepid]), data]);
