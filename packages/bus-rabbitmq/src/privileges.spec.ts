import { createRegistry, quick, shop, subscription, userRegistered } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { type Privileges, privilegesOf } from './privileges.ts';
import { layoutOf } from './topology/layout.ts';

const all = privilegesOf(shop, 'operations');
const of = (service: string): Privileges | undefined => all.find((each) => each.service === service);

test('a service writes its own events, the commands that it may send, its own retries, and what may be backfilled', () => {
  expect(of('order')?.writes.toSorted()).toEqual([
    'dead-letters',
    'inventory.commands',
    'loyalty.retry',
    'order.events',
    'order.retry',
    'order.wait',
    'payment.commands',
    'shipping.commands',
  ]);
  expect(of('payment')?.writes.toSorted()).toEqual([
    'dead-letters',
    'payment.events',
    'payment.retry',
    'payment.wait',
  ]);
});

test('it reads its own queues', () => {
  expect(of('payment')?.reads).toEqual(['payment.commands', 'payment.control']);
  expect(of('email')?.reads).toHaveLength(14); // eight partitions of one, and six
  expect(of('email')?.reads).toContain('email.customers.7');
});

test('within an exchange it may publish only its own contracts', () => {
  expect(of('order')?.types['shipping.commands']).toEqual([
    'shipping.dispatch-order',
    'shipping.dispatch-order.v2',
    'shipping.cancel-shipment',
    'shipping.cancel-shipment.v2',
  ]);
  expect(of('user-registration')?.types).toEqual({
    'user-registration.events': ['user.registered', 'user.password-changed'],
    'email.commands': ['email.send-password-link'],
  });
});

test('a stream may be written by other services than its owner', () => {
  expect(of('bridge')?.writes).toContain('sensor-simulator.events');
  expect(of('bridge')?.types['sensor-simulator.events']).toEqual(['sensor_data']);
  expect(of('order')?.writes).not.toContain('sensor-simulator.events');
});

test('who only publishes neither retries nor reads', () => {
  const registry = createRegistry({
    contracts: [userRegistered],
    subscriptions: [subscription('email.customers', { to: [userRegistered], retry: quick })],
  });
  expect(privilegesOf(registry, 'operations')).toContainEqual(
    expect.objectContaining({
      service: 'user-registration',
      writes: ['user-registration.events'],
      reads: [],
    }),
  );
});

test('the operator takes the dead letters and reaches every subscription, and publishes what is paused and resumed', () => {
  expect(of('operations')).toEqual({
    service: 'operations',
    writes: ['operations.events', ...new Set(shop.subscriptions.map(({ service }) => `${service}.retry`))],
    reads: ['dead-letters'],
    types: { 'operations.events': ['subscription.paused', 'subscription.resumed'] },
    seesQueues: true,
  });
});

test('nobody else logs in to the management plugin', () => {
  expect(all.filter(({ seesQueues }) => seesQueues).map(({ service }) => service)).toEqual(['operations']);
});

test('who takes no part has no access', () => {
  expect(of('gateway')).toBeUndefined();
});

test('everything named is there once the topology is applied', () => {
  const { exchanges, queues } = layoutOf(shop);
  const [exchangeNames, queueNames] = [exchanges, queues].map((each) => each.map(({ name }) => name));
  for (const { writes, reads, types } of all) {
    expect(exchangeNames).toEqual(expect.arrayContaining([...writes, ...Object.keys(types)]));
    expect(queueNames).toEqual(expect.arrayContaining([...reads]));
  }
});
