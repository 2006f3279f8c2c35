import { orderCancelled } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';
import { handle } from '../store/handlers.ts';

export const onOrderCancelled = handle(orderCancelled, async (message) =>
  mailTo({ userId: message.data.customerId }, message, { template: 'order-cancelled', about: message.data }),
);
