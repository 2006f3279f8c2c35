export { createShopClient, type ShopClient } from './client.ts';
export { runDemo } from './demo/run-demo.ts';
export type { DemoReporter, SendRegistration } from './demo/scenario.ts';
export { eventually } from './eventually.ts';
export { assertInvariants } from './invariants.ts';
export type { Customer, OrderView, StatusView } from './views.ts';
