import { expect, test } from 'vitest';
import { type Queues, rowsOf, type Subscription } from './subscription.ts';

const one = (name: string, changes: Partial<Subscription> = {}): Subscription => ({
  ...{ name, service: 'email', ordered: false, contracts: ['order.placed'] },
  ...{ state: 'active', pausable: true },
  ...changes,
});
const subscriptions = [one('b'), one('a', { state: 'paused' }), one('c', { contracts: ['user.registered'] })];
const queues: Queues = {
  brokers: [],
  queues: [
    { subscription: 'c', broker: 'postgres', waiting: 9 },
    { subscription: 'a', broker: 'postgres', waiting: 2 },
  ],
};
const names = (filter: Partial<Parameters<typeof rowsOf>[2]>, known: Queues | undefined = queues) =>
  rowsOf({ subscriptions }, known, { text: '', state: '', sort: '', ...filter }).map(({ name }) => name);

test('subscriptions are listed by name', () => expect(names({})).toEqual(['a', 'b', 'c']));

test('the longest queue is first on request, and unknown ones are last', () =>
  expect(names({ sort: 'waiting' })).toEqual(['c', 'a', 'b']));

test('a state or a part of a contract finds them', () => {
  expect(names({ state: 'paused' })).toEqual(['a']);
  expect(names({ text: 'USER.' })).toEqual(['c']);
});

test('they are listed without queues while these are unknown', () =>
  expect(rowsOf({ subscriptions }, undefined, { text: '', state: '', sort: '' })).toHaveLength(3));
