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
export {
  type Contract,
  command,
  type Data,
  event,
  type Input,
  type Kind,
  type ServiceName,
  services,
  type Upcast,
} from './define.ts';
export * from './inventory.ts';
export * from './order.ts';
export * from './payment.ts';
export { createRegistry, type Registry } from './registry.ts';
export * from './shipping.ts';
export { shop } from './shop.ts';
export { patient, quick, type RetryPolicy, type Subscription, subscription } from './subscription.ts';
export * from './users.ts';
