import { orderCancelled } from '@emporium/contracts';
import { orderCancelledMail } from '../domain/order-cancelled.ts';
import { mailing, type Post } from '../mailing.ts';
import { recipientOf } from '../store/recipients.ts';

export const onOrderCancelled = (post: Post) =>
  mailing(orderCancelled, post, {
    recipient: ({ data }, tx) => recipientOf(tx, data.customerId),
    write: ({ data }, { name }) => orderCancelledMail(name, data),
  });
