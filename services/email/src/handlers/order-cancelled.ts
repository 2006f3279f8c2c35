import { handle } from '@emporium/bus';
import { orderCancelled } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';

export const onOrderCancelled = handle(orderCancelled, async (message) =>
  mailTo({ userId: message.data.customerId }, message, { template: 'order-cancelled', about: message.data }),
);
