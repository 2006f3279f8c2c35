import { partitionOf } from '@emporium/bus';
import { delayTiers } from '@emporium/bus/transport';
import { reserveStock, subscription, userRegistered } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { exchangeOf, queueFor, queuesOf, routingKeyOf, tiersOf, typeOf } from './names.ts';

const retry = { attempts: 3, firstDelayMs: 100, maxDelayMs: 2_000 };
const unordered = subscription('email.orders', { to: [userRegistered], retry });
const ordered = subscription('email.customers', { to: [userRegistered], retry, ordered: true });

test('events and commands of an owner have an exchange each', () => {
  expect(exchangeOf(userRegistered)).toBe('user-registration.events');
  expect(exchangeOf(reserveStock)).toBe('inventory.commands');
});

test('the type can be read from the routing key, whatever the version', () => {
  for (const type of ['order.placed', 'order.placed.v2']) {
    expect(routingKeyOf({ type, key: 'k' })).toBe(`${type}.${partitionOf('k')}`);
    expect(typeOf(routingKeyOf({ type, key: 'k' }))).toBe(type);
  }
});

test('a replay goes to the queue of its partition', () => {
  expect(queuesOf(unordered)).toEqual(['email.orders']);
  expect(queueFor(unordered, 'k')).toBe('email.orders');
  expect(queuesOf(ordered)).toHaveLength(8);
  expect(queueFor(ordered, 'k')).toBe(queuesOf(ordered)[partitionOf('k')]);
});

test('there are as many delay tiers as the policy can ask for', () => {
  expect(tiersOf(retry)).toEqual([100, 250, 500, 1_000, 2_500]);
  expect(tiersOf({ ...retry, maxDelayMs: 100 })).toEqual([100]);
  expect(tiersOf({ ...retry, maxDelayMs: 3_600_000 })).toEqual(delayTiers);
});
