import type {
  Data,
  orderCancelled,
  orderConfirmed,
  shipmentDelivered,
  shipmentDispatched,
} from '@emporium/contracts';
import type { Mail } from './mail.ts';
import { orderCancelledMail } from './order-cancelled.ts';
import { orderConfirmedMail } from './order-confirmed.ts';
import { shipmentDeliveredMail } from './shipment-delivered.ts';
import { shipmentDispatchedMail } from './shipment-dispatched.ts';
import { welcomeMail } from './welcome.ts';

/** What a mail to a customer is about. */
export type Occasion =
  | { readonly template: 'welcome' }
  | { readonly template: 'order-confirmed'; readonly about: Data<typeof orderConfirmed> }
  | { readonly template: 'order-cancelled'; readonly about: Data<typeof orderCancelled> }
  | { readonly template: 'shipment-dispatched'; readonly about: Data<typeof shipmentDispatched> }
  | { readonly template: 'shipment-delivered'; readonly about: Data<typeof shipmentDelivered> };

export const mailOn = (occasion: Occasion, name: string): Mail => {
  switch (occasion.template) {
    case 'welcome':
      return welcomeMail(name);
    case 'order-confirmed':
      return orderConfirmedMail(name, occasion.about);
    case 'order-cancelled':
      return orderCancelledMail(name, occasion.about);
    case 'shipment-dispatched':
      return shipmentDispatchedMail(name, occasion.about);
    case 'shipment-delivered':
      return shipmentDeliveredMail(name, occasion.about);
  }
};
