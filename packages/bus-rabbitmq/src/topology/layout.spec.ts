import {
  createRegistry,
  patient,
  quick,
  reserveStock,
  subscription,
  userRegistered,
} from '@emporium/contracts';
import { expect, test } from 'vitest';
import { nameOfBinding, nameOfExchange, nameOfQueue } from './declarations.ts';
import { layoutFor, layoutOf } from './layout.ts';

const mails = subscription('email.orders', { to: [userRegistered], retry: quick });
const customers = subscription('email.customers', { to: [userRegistered], retry: patient, ordered: true });
const commands = subscription('inventory.commands', { to: [reserveStock], retry: quick });

test('an unordered subscription has one queue, which hears every partition', () => {
  const { bindings, queues } = layoutFor(mails);
  expect(bindings.map(nameOfBinding)).toContain(
    'binding email.orders <- user-registration.events user.registered.*',
  );
  expect(queues.find(({ name }) => name === 'email.orders')?.arguments).toEqual({
    'x-queue-type': 'quorum',
    'x-delivery-limit': 100,
    'x-dead-letter-exchange': 'dead-letters',
    'x-dead-letter-routing-key': 'email.orders',
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  });
});

test('an ordered subscription has a queue with one active consumer for each partition, and waits in place', () => {
  const { bindings, queues } = layoutFor(customers);
  const own = queues.filter(({ name }) => name.startsWith('email.customers.'));
  expect(own).toHaveLength(8);
  expect(own.every((queue) => queue.arguments['x-single-active-consumer'] === true)).toBe(true);
  expect(bindings.map(nameOfBinding)).toContain(
    'binding email.customers.3 <- user-registration.events user.registered.3',
  );
  expect(queues.some(({ name }) => name.includes('.wait.'))).toBe(false);
});

test('what waits comes back through the retry exchange of its service', () => {
  const { queues } = layoutFor(mails);
  const waits = queues.filter(({ name }) => name.startsWith('email.wait.'));
  expect(waits.map((queue) => queue.arguments['x-message-ttl'])).toEqual([100, 250, 500, 1_000, 2_500]);
  expect(waits.every((queue) => queue.arguments['x-dead-letter-exchange'] === 'email.retry')).toBe(true);
});

test('the registry implies everything once', () => {
  const registry = createRegistry({
    contracts: [userRegistered, reserveStock],
    subscriptions: [mails, customers, commands],
  });
  const { exchanges, queues, bindings } = layoutOf(registry);
  const names = [
    ...exchanges.map(nameOfExchange),
    ...queues.map(nameOfQueue),
    ...bindings.map(nameOfBinding),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(exchanges.map(({ name }) => name).toSorted()).toEqual([
    'dead-letters',
    'email.retry',
    'email.wait',
    'inventory.commands',
    'inventory.retry',
    'inventory.wait',
    'user-registration.events',
  ]);
});
