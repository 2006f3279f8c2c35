import { shipmentDelivered } from '@emporium/contracts';
import { shipmentDeliveredMail } from '../domain/shipment-delivered.ts';
import { mailing, type Post } from '../mailing.ts';
import { recipientOf } from '../store/recipients.ts';

export const onShipmentDelivered = (post: Post) =>
  mailing(shipmentDelivered, post, {
    recipient: ({ data }, tx) => recipientOf(tx, data.customerId),
    write: ({ data }, { name }) => shipmentDeliveredMail(name, data),
  });
