import type {
  Data,
  orderCancelled,
  orderConfirmed,
  orderRefunded,
  shipmentDelivered,
  shipmentDispatched,
  temperatureAlert,
} from '@emporium/contracts';
import type { MailContent } from './compose/compose-mail.ts';
import { orderCancelledMail } from './order-cancelled.ts';
import { orderConfirmedMail } from './order-confirmed.ts';
import { orderRefundedMail } from './order-refunded.ts';
import { passwordChangedMail } from './password-changed.ts';
import { shipmentDeliveredMail } from './shipment-delivered.ts';
import { shipmentDispatchedMail } from './shipment-dispatched.ts';
import { temperatureAlertMail } from './temperature-alert.ts';
import { welcomeMail } from './welcome.ts';

/** What a mail is about. */
export type Occasion =
  | { readonly template: 'welcome' }
  | { readonly template: 'password-changed' }
  | { readonly template: 'order-confirmed'; readonly about: Data<typeof orderConfirmed> }
  | { readonly template: 'order-cancelled'; readonly about: Data<typeof orderCancelled> }
  | { readonly template: 'order-refunded'; readonly about: Data<typeof orderRefunded> }
  | { readonly template: 'shipment-dispatched'; readonly about: Data<typeof shipmentDispatched> }
  | { readonly template: 'shipment-delivered'; readonly about: Data<typeof shipmentDelivered> }
  | { readonly template: 'temperature-alert'; readonly about: Data<typeof temperatureAlert> };

/** `time` is when the event happened. */
export const renderMail = (occasion: Occasion, name: string, time: Date): MailContent => {
  switch (occasion.template) {
    case 'welcome':
      return welcomeMail();
    case 'password-changed':
      return passwordChangedMail(name);
    case 'order-confirmed':
      return orderConfirmedMail(name, occasion.about);
    case 'order-cancelled':
      return orderCancelledMail(name, occasion.about);
    case 'order-refunded':
      return orderRefundedMail(name, occasion.about);
    case 'shipment-dispatched':
      return shipmentDispatchedMail(name, occasion.about);
    case 'shipment-delivered':
      return shipmentDeliveredMail(name, occasion.about);
    case 'temperature-alert':
      return temperatureAlertMail(name, occasion.about, time);
  }
};
