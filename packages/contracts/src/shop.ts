import * as inventory from './inventory.ts';
import * as order from './order.ts';
import * as payment from './payment.ts';
import { reactions } from './reactions.ts';
import { createRegistry, type Registry } from './registry.ts';
import * as sensors from './sensors.ts';
import * as shipping from './shipping.ts';
import { subscriptionPaused, subscriptionResumed } from './subscription-control.ts';
import { subscriptions } from './subscriptions.ts';
import * as users from './users.ts';

/** Every contract and subscription of the shop. */
export const shop: Registry = createRegistry({
  contracts: [
    ...[order, inventory, payment, shipping, users, sensors].flatMap((module) => Object.values(module)),
    ...[subscriptionPaused, subscriptionResumed],
  ],
  subscriptions,
  reactions,
});
