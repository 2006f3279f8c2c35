import type { Data, shipmentDelivered } from '@emporium/contracts';
import { composeMail, type MailContent, paragraph } from './compose/compose-mail.ts';

export const shipmentDeliveredMail = (
  name: string,
  { orderId, trackingNumber }: Data<typeof shipmentDelivered>,
): MailContent =>
  composeMail({
    template: 'shipment-delivered',
    subject: 'Your order was delivered',
    name,
    blocks: [
      paragraph(`your order ${orderId} was delivered. We hope you like it.`),
      paragraph(`Tracking number: ${trackingNumber}`),
    ],
  });
