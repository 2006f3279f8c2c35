import type { Cancellation, Data, orderCancelled } from '@emporium/contracts';
import { composeMail, type MailContent, paragraph } from './compose/compose-mail.ts';

export const orderCancelledMail = (
  name: string,
  { orderId, cancellation }: Data<typeof orderCancelled>,
): MailContent =>
  composeMail({
    template: 'order-cancelled',
    subject: 'Your order was cancelled',
    name,
    blocks: [
      paragraph(`your order ${orderId} was cancelled: ${reasons[cancellation]}.`),
      paragraph('You have not been charged for it.'),
    ],
  });

const reasons: Readonly<Record<Cancellation, string>> = {
  'out-of-stock': 'we do not have enough in stock of something in it',
  'payment-declined': 'the payment was declined',
  'shipping-failed': 'our carrier could not take it',
  'timed-out': 'it could not be completed in time',
  'customer-request': 'you asked us to',
};
