import { orderConfirmed } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';
import { handle } from '../store/handlers.ts';

export const onOrderConfirmed = handle(orderConfirmed, async (message) =>
  mailTo({ userId: message.data.customerId }, message, { template: 'order-confirmed', about: message.data }),
);
