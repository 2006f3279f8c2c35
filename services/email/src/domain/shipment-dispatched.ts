import type { Data, shipmentDispatched } from '@emporium/contracts';
import { composeMail, type MailContent, paragraph } from './compose/compose-mail.ts';

export const shipmentDispatchedMail = (
  name: string,
  { orderId, trackingNumber }: Data<typeof shipmentDispatched>,
): MailContent =>
  composeMail({
    template: 'shipment-dispatched',
    subject: 'Your order is on its way',
    name,
    blocks: [
      paragraph(`the carrier has taken your order ${orderId}.`),
      paragraph(`Tracking number: ${trackingNumber}`),
    ],
  });
