export { decimalAmount } from './amounts.ts';
export {
  type Cancellation,
  cancellation,
  type Money,
  money,
  type OrderLine,
  orderLine,
  type PricedLine,
  pricedLine,
  quantity,
  sku,
} from './common.ts';
export { currencyDigits, isCurrency } from './currencies.ts';
export {
  type Codec,
  type Contract,
  command,
  type Data,
  downcast,
  event,
  type Input,
  type Kind,
  type PlainJson,
  publishersOf,
  type ServiceName,
  services,
  stream,
  type Upcast,
} from './define.ts';
export { sendPasswordLink, sendWelcomeMail, welcomeMailFailed, welcomeMailSent } from './emails.ts';
export {
  commitReservation,
  productListed,
  productPriceChanged,
  productRestocked,
  releaseStock,
  reserveStock,
  returnStock,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
  stockReturned,
} from './inventory.ts';
export { subscriptionPaused, subscriptionResumed } from './operations.ts';
export {
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderParked,
  orderPlaced,
  orderRefunded,
  orderRefundParked,
} from './order.ts';
export { numbered } from './order-placed.ts';
export {
  authorisePayment,
  cancelRefund,
  capturePayment,
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentRefundDeclined,
  paymentRefunded,
  paymentRefunded2,
  paymentVoided,
  refundPayment,
  refundPayment2,
  voidPayment,
} from './payment.ts';
export { followersOf, type Reaction, reaction } from './reaction.ts';
export { createRegistry, type Registry } from './registry.ts';
export { sensorData, temperatureAlert } from './sensors.ts';
export {
  cancelShipment,
  dispatchOrder,
  shipmentCancelled,
  shipmentDelivered,
  shipmentDispatched,
  shipmentFailed,
} from './shipping.ts';
export { shop } from './shop.ts';
export { strict } from './strict.ts';
export {
  type Carrier,
  carrierOf,
  isOfStream,
  patient,
  quick,
  type RetryPolicy,
  type Subscription,
  subscription,
} from './subscription.ts';
export { isControl } from './subscription-control.ts';
export { passwordChanged, registerUser, userRegistered, userRegistrations } from './users.ts';
