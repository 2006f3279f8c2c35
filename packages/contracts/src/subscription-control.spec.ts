import { expect, test } from 'vitest';
import { shop } from './shop.ts';
import { isControl } from './subscription-control.ts';

test('each service with subscriptions has one more, for what is paused and resumed', () => {
  const services = new Set(shop.subscriptions.map(({ service }) => service));
  const controls = shop.subscriptions.filter(isControl);
  expect(controls.map(({ name }) => name)).toEqual([...services].map((service) => `${service}.control`));
  for (const { to, ordered } of controls) {
    expect(to.map(({ type }) => type)).toEqual(['subscription.paused', 'subscription.resumed']);
    expect(ordered).toBe(false);
  }
});

test('a service without subscriptions has none', () => {
  expect(shop.subscription('gateway.control')).toBeUndefined();
  expect(shop.subscription('operations.control')).toBeUndefined();
});

test('another subscription whose name ends alike is none', () => {
  expect(isControl({ name: 'order.remote-control', service: 'order' })).toBe(false);
});
