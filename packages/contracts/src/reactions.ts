import { sendPasswordLink, sendWelcomeMail, welcomeMailFailed, welcomeMailSent } from './emails.ts';
import {
  commitReservation,
  releaseStock,
  reserveStock,
  returnStock,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
  stockReturned,
} from './inventory.ts';
import {
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderParked,
  orderRefunded,
  orderRefundParked,
} from './order.ts';
import {
  authorisePayment,
  cancelRefund,
  capturePayment,
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentRefundDeclined,
  paymentRefunded,
  paymentVoided,
  refundPayment,
  voidPayment,
} from './payment.ts';
import { type Reaction, reaction } from './reaction.ts';
import { sensorData, temperatureAlert } from './sensors.ts';
import {
  cancelShipment,
  dispatchOrder,
  shipmentCancelled,
  shipmentDispatched,
  shipmentFailed,
} from './shipping.ts';
import { registerUser, userRegistered, userRegistrations } from './users.ts';

/**
 * What follows from what. Subscriptions whose handlers emit and send nothing are left out, and so are timers: a passed deadline sends
 * the pending command of a saga again, or compensates.
 */
export const reactions: readonly Reaction[] = [
  reaction('inventory.commands', reserveStock, { leadsTo: [stockReserved, stockRejected] }),
  reaction('inventory.commands', releaseStock, { leadsTo: [stockReleased] }),
  reaction('inventory.commands', commitReservation, { leadsTo: [stockCommitted] }),
  reaction('inventory.commands', returnStock, { leadsTo: [stockReturned] }),

  reaction('payment.commands', authorisePayment, { leadsTo: [paymentAuthorised, paymentDeclined] }),
  reaction('payment.commands', capturePayment, { leadsTo: [paymentCaptured, paymentCaptureFailed] }),
  reaction('payment.commands', voidPayment, { leadsTo: [paymentVoided, paymentCaptured] }),
  reaction('payment.commands', cancelRefund, { leadsTo: [paymentRefunded] }),
  reaction('payment.commands', refundPayment, { leadsTo: [paymentRefunded, paymentRefundDeclined] }),

  reaction('shipping.commands', dispatchOrder, { leadsTo: [shipmentDispatched, shipmentFailed] }),
  reaction('shipping.commands', cancelShipment, { leadsTo: [shipmentCancelled, shipmentDispatched] }),

  // The saga of an order: the next step, or the compensation of a success that is late; then the events of the order that follows it.
  reaction('order.replies', stockReserved, { leadsTo: [authorisePayment, releaseStock] }),
  reaction('order.replies', stockRejected, { leadsTo: [orderCancelled] }),
  reaction('order.replies', stockReleased, { leadsTo: [orderCancelled, orderParked] }),
  reaction('order.replies', paymentAuthorised, { leadsTo: [dispatchOrder, orderConfirmed, voidPayment] }),
  reaction('order.replies', paymentDeclined, { leadsTo: [releaseStock, orderCancelled] }),
  reaction('order.replies', paymentVoided, { leadsTo: [releaseStock, orderCancelled, orderParked] }),
  reaction('order.replies', shipmentDispatched, { leadsTo: [commitReservation, orderParked] }),
  reaction('order.replies', shipmentFailed, { leadsTo: [voidPayment, releaseStock, orderCancelled] }),
  reaction('order.replies', shipmentCancelled, { leadsTo: [voidPayment, releaseStock, orderCancelled] }),
  reaction('order.replies', stockCommitted, { leadsTo: [capturePayment, orderParked] }),
  reaction('order.replies', paymentCaptured, { leadsTo: [orderCompleted, orderParked] }),
  reaction('order.replies', paymentCaptureFailed, {
    leadsTo: [orderParked],
    repeats: [{ contract: capturePayment, until: 'after ORDER_STEP_ATTEMPTS commands the order is parked' }],
  }),

  reaction('order.refund-replies', paymentRefunded, {
    leadsTo: [returnStock, orderRefunded, orderRefundParked],
  }),
  reaction('order.refund-replies', paymentRefundDeclined, {
    leadsTo: [orderRefundParked],
    repeats: [{ contract: refundPayment, until: 'after ORDER_STEP_ATTEMPTS commands the refund is parked' }],
  }),
  reaction('order.refund-replies', stockReturned, { leadsTo: [orderRefunded, orderRefundParked] }),

  reaction('bridge.user-registrations', userRegistrations, { leadsTo: [registerUser] }),
  reaction('user-registration.commands', registerUser, { leadsTo: [userRegistered, sendPasswordLink] }),
  // By the task that sends the mail.
  reaction('email.commands', sendWelcomeMail, { leadsTo: [welcomeMailSent, welcomeMailFailed] }),

  reaction('sensor-analytics.readings', sensorData, { leadsTo: [temperatureAlert] }),
];
