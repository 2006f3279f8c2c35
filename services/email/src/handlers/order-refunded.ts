import { orderRefunded } from '@emporium/contracts';
import { enqueueMail } from '../enqueue-mail.ts';
import { handle } from '../store/handlers.ts';

export const onOrderRefunded = handle(orderRefunded, async (message) =>
  enqueueMail({ userId: message.data.customerId }, message, {
    template: 'order-refunded',
    about: message.data,
  }),
);
