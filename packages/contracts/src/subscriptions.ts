import { sendPasswordLink, sendWelcomeMail, welcomeMailFailed, welcomeMailSent } from './emails.ts';
import {
  commitReservation,
  commitReservation1,
  productListed,
  productPriceChanged,
  productRestocked,
  releaseStock,
  releaseStock1,
  reserveStock,
  reserveStock1,
  returnStock,
  stockCommitted,
  stockCommitted1,
  stockRejected,
  stockRejected1,
  stockReleased,
  stockReleased1,
  stockReserved,
  stockReserved1,
  stockReturned,
} from './inventory.ts';
import {
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderPlaced,
  orderPlaced1,
  orderRefunded,
} from './order.ts';
import {
  authorisePayment,
  authorisePayment1,
  cancelRefund,
  capturePayment,
  capturePayment1,
  paymentAuthorised,
  paymentAuthorised1,
  paymentCaptured,
  paymentCaptured1,
  paymentCaptureFailed,
  paymentCaptureFailed1,
  paymentDeclined,
  paymentDeclined1,
  paymentRefundDeclined,
  paymentRefunded,
  paymentVoided,
  paymentVoided1,
  refundPayment,
  refundPayment1,
  refundPayment2,
  voidPayment,
  voidPayment1,
} from './payment.ts';
import { sensorData, temperatureAlert } from './sensors.ts';
import {
  cancelShipment,
  cancelShipment1,
  dispatchOrder,
  dispatchOrder1,
  shipmentCancelled,
  shipmentCancelled1,
  shipmentDelivered,
  shipmentDispatched,
  shipmentDispatched1,
  shipmentFailed,
  shipmentFailed1,
} from './shipping.ts';
import { patient, quick, type Subscription, subscription } from './subscription.ts';
import { controlsOf } from './subscription-control.ts';
import { passwordChanged, registerUser, userRegistered, userRegistrations } from './users.ts';

/** What the services handle. The first versions of saga messages are still sent by earlier releases, or in transit. */
const handled: readonly Subscription[] = [
  subscription('inventory.commands', {
    to: [
      reserveStock1,
      reserveStock,
      releaseStock1,
      releaseStock,
      commitReservation1,
      commitReservation,
      returnStock,
    ],
    retry: quick,
  }),
  subscription('payment.commands', {
    to: [
      authorisePayment1,
      authorisePayment,
      capturePayment1,
      capturePayment,
      voidPayment1,
      voidPayment,
      refundPayment1,
      refundPayment2,
      refundPayment,
      cancelRefund,
    ],
    retry: quick,
  }),
  subscription('shipping.commands', {
    to: [dispatchOrder1, dispatchOrder, cancelShipment1, cancelShipment],
    retry: quick,
  }),

  subscription('order.replies', {
    to: [
      stockReserved1,
      stockReserved,
      stockRejected1,
      stockRejected,
      stockReleased1,
      stockReleased,
      stockCommitted1,
      stockCommitted,
      paymentAuthorised1,
      paymentAuthorised,
      paymentDeclined1,
      paymentDeclined,
      paymentCaptured1,
      paymentCaptured,
      paymentCaptureFailed1,
      paymentCaptureFailed,
      paymentVoided1,
      paymentVoided,
      shipmentDispatched1,
      shipmentDispatched,
      shipmentFailed1,
      shipmentFailed,
      shipmentCancelled1,
      shipmentCancelled,
    ],
    retry: quick,
  }),
  // A queue of their own: refunds wait for no order, and no order waits for them.
  subscription('order.refund-replies', {
    to: [paymentRefunded, paymentRefundDeclined, stockReturned],
    retry: quick,
  }),
  subscription('order.deliveries', { to: [shipmentDelivered], retry: quick }),
  subscription('order.prices', { to: [productListed, productPriceChanged], ordered: true, retry: quick }),

  subscription('email.customers', { to: [userRegistered], ordered: true, retry: patient }),
  subscription('email.welcome', { to: [userRegistered], retry: patient }),
  subscription('email.passwords', { to: [passwordChanged], retry: patient }),
  subscription('email.orders', {
    to: [
      orderConfirmed,
      orderCancelled,
      orderRefunded,
      shipmentDispatched1,
      shipmentDispatched,
      shipmentDelivered,
    ],
    retry: patient,
  }),
  subscription('email.operations', { to: [temperatureAlert], retry: patient }),

  subscription('sensor-analytics.readings', { to: [sensorData], retry: quick }),

  subscription('loyalty.orders', { to: [orderCompleted, orderRefunded], retry: quick, backfill: true }),
  subscription('user-registration.commands', { to: [registerUser], retry: quick }),
  subscription('email.commands', { to: [sendWelcomeMail, sendPasswordLink], retry: patient }),

  subscription('bridge.user-registrations', { to: [userRegistrations], retry: quick }),
  subscription('bridge.warehouse', { to: [orderConfirmed], retry: patient }),
  subscription('bridge.mail-results', { to: [welcomeMailSent, welcomeMailFailed], retry: quick }),
  // What third parties may read: no user data, and of the messages of sagas only those that the customer of an order sees, too.
  subscription('bridge.webhooks', {
    to: [
      orderPlaced1,
      orderPlaced,
      orderConfirmed,
      orderCompleted,
      orderCancelled,
      orderRefunded,
      shipmentDispatched1,
      shipmentDispatched,
      shipmentDelivered,
      productListed,
      productPriceChanged,
      productRestocked,
    ],
    retry: quick,
  }),
];

/** All subscriptions, with those that pause and resume the others. */
export const subscriptions: readonly Subscription[] = [...handled, ...controlsOf(handled)];
