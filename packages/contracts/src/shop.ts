import * as emails from './emails.ts';
import * as inventory from './inventory.ts';
import * as operations from './operations.ts';
import * as order from './order.ts';
import * as payment from './payment.ts';
import { reactions } from './reactions.ts';
import { createRegistry, type Registry } from './registry.ts';
import * as sensors from './sensors.ts';
import * as shipping from './shipping.ts';
import { subscriptions } from './subscriptions.ts';
import * as users from './users.ts';

/** Every contract and subscription of the shop. */
export const shop: Registry = createRegistry({
  contracts: [order, inventory, payment, shipping, users, emails, sensors, operations].flatMap((module) =>
    Object.values(module),
  ),
  subscriptions,
  reactions,
});
