import { orderCancelled } from '@emporium/contracts';
import { enqueueMail } from '../enqueue-mail.ts';
import { handle } from '../store/handlers.ts';

export const onOrderCancelled = handle(orderCancelled, async (message) =>
  enqueueMail({ userId: message.data.customerId }, message, {
    template: 'order-cancelled',
    about: message.data,
  }),
);
