import {
  commitReservation,
  productListed,
  productPriceChanged,
  releaseStock,
  reserveStock,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
} from './inventory.ts';
import { orderCancelled, orderConfirmed } from './order.ts';
import {
  authorisePayment,
  capturePayment,
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentVoided,
  refundPayment,
  voidPayment,
} from './payment.ts';
import { sensorData, temperatureAlert } from './sensors.ts';
import {
  cancelShipment,
  dispatchOrder,
  shipmentCancelled,
  shipmentDelivered,
  shipmentDispatched,
  shipmentFailed,
} from './shipping.ts';
import { patient, quick, type Subscription, subscription } from './subscription.ts';
import { userRegistered } from './users.ts';

/** Who listens to what. */
export const subscriptions: readonly Subscription[] = [
  subscription('inventory.commands', { to: [reserveStock, releaseStock, commitReservation], retry: quick }),
  subscription('payment.commands', {
    to: [authorisePayment, capturePayment, voidPayment, refundPayment],
    retry: quick,
  }),
  subscription('shipping.commands', { to: [dispatchOrder, cancelShipment], retry: quick }),

  subscription('order.replies', {
    to: [
      stockReserved,
      stockRejected,
      stockReleased,
      stockCommitted,
      paymentAuthorised,
      paymentDeclined,
      paymentCaptured,
      paymentCaptureFailed,
      paymentVoided,
      shipmentDispatched,
      shipmentFailed,
      shipmentCancelled,
    ],
    retry: quick,
  }),
  subscription('order.deliveries', { to: [shipmentDelivered], retry: quick }),
  subscription('order.prices', { to: [productListed, productPriceChanged], ordered: true, retry: quick }),

  subscription('email.customers', { to: [userRegistered], ordered: true, retry: patient }),
  subscription('email.welcome', { to: [userRegistered], retry: patient }),
  subscription('email.orders', {
    to: [orderConfirmed, orderCancelled, shipmentDispatched, shipmentDelivered],
    retry: patient,
  }),
  subscription('email.operations', { to: [temperatureAlert], retry: patient }),

  subscription('sensor-analytics.readings', { to: [sensorData], retry: quick }),
];
