import { expect, test } from 'vitest';
import { stateLines, textOf } from './state-lines.ts';

const money = { amount: 1_250, currency: 'EUR' };
const lines = [{ sku: 'MUG-1', quantity: 2, unitPrice: money }];

test('a first state is all new', () =>
  expect(stateLines({}, { status: 'placed', total: money, lines })).toEqual([
    { path: 'status', mark: 'added', value: 'placed' },
    { path: 'total', mark: 'added', value: '1250 EUR' },
    { path: 'lines[0]', mark: 'added', value: 'sku MUG-1, quantity 2, unitPrice 1250 EUR' },
  ]));

test('what changed, came and went is marked', () =>
  expect(
    stateLines(
      { status: 'placed', total: money, reason: 'late' },
      { status: 'confirmed', total: money, delivered: false },
    ),
  ).toEqual([
    { path: 'status', mark: 'changed', value: 'confirmed', before: 'placed' },
    { path: 'total', mark: 'same', value: '1250 EUR' },
    { path: 'reason', mark: 'removed', value: 'late' },
    { path: 'delivered', mark: 'added', value: 'false' },
  ]));

test('a state within a state has paths of its own', () =>
  expect(stateLines({}, { before: { status: 'confirmed', at: undefined } })).toEqual([
    { path: 'before.status', mark: 'added', value: 'confirmed' },
  ]));

test('any JSON has a text', () =>
  expect([null, 1, true, [1, [2]], { a: { b: [] } }].map(textOf)).toEqual([
    'null',
    '1',
    'true',
    '1; 2',
    'a b ',
  ]));
