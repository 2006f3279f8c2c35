import { createMessage, newContext, type OutgoingMessage } from '@emporium/bus';
import { type Input, orderConfirmed } from '@emporium/contracts';
import { v7 as uuid } from 'uuid';

const price = { amount: 1_250, currency: 'EUR' };

export const order = (): Input<typeof orderConfirmed> => ({
  orderId: uuid(),
  customerId: uuid(),
  lines: [{ sku: 'MUG', quantity: 2, unitPrice: price }],
  total: { amount: 2_500, currency: 'EUR' },
});

export const confirmed = (data = order()): OutgoingMessage =>
  createMessage('order', orderConfirmed, data, newContext({ correlationId: 'correlation-1' }));
