import { shipmentDispatched } from '@emporium/contracts';
import { shipmentDispatchedMail } from '../domain/shipment-dispatched.ts';
import { mailing, type Post } from '../mailing.ts';
import { recipientOf } from '../store/recipients.ts';

export const onShipmentDispatched = (post: Post) =>
  mailing(shipmentDispatched, post, {
    recipient: ({ data }, tx) => recipientOf(tx, data.customerId),
    write: ({ data }, { name }) => shipmentDispatchedMail(name, data),
  });
