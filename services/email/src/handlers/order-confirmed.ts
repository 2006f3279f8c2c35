import { handle } from '@emporium/bus';
import { orderConfirmed } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';

export const onOrderConfirmed = handle(orderConfirmed, async (message) =>
  mailTo(message, message.data.customerId, { template: 'order-confirmed', about: message.data }),
);
