import { orderConfirmed } from '@emporium/contracts';
import { orderConfirmedMail } from '../domain/order-confirmed.ts';
import { mailing, type Post } from '../mailing.ts';
import { recipientOf } from '../store/recipients.ts';

export const onOrderConfirmed = (post: Post) =>
  mailing(orderConfirmed, post, {
    recipient: ({ data }, tx) => recipientOf(tx, data.customerId),
    write: ({ data }, { name }) => orderConfirmedMail(name, data),
  });
