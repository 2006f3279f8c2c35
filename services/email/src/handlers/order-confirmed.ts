import { orderConfirmed } from '@emporium/contracts';
import { enqueueMail } from '../enqueue-mail.ts';
import { handle } from '../store/handlers.ts';

export const onOrderConfirmed = handle(orderConfirmed, async (message) =>
  enqueueMail({ userId: message.data.customerId }, message, {
    template: 'order-confirmed',
    about: message.data,
  }),
);
