import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';

test('an order, with or without a moment', () => {
  expect(readArguments(['order', 'o1'])).toEqual({ orderId: 'o1' });
  expect(readArguments(['order', 'o1', '--version', '3'])).toEqual({ orderId: 'o1', version: 3 });
  expect(readArguments(['--at', '2026-01-01T02:00:00+02:00', 'order', 'o1'])).toEqual({
    orderId: 'o1',
    at: new Date('2026-01-01T00:00:00Z'),
  });
});

test.each([
  [[], "the first argument must be order, not ''"],
  [['refund', 'r1'], "the first argument must be order, not 'refund'"],
  [['order'], 'the id of the order is missing'],
  [['order', 'o1', 'o2'], "an argument too many: 'o2'"],
  [['order', 'o1', '--version', '0'], "--version must be a whole number from 1, not '0'"],
  [['order', 'o1', '--version', '1.5'], "--version must be a whole number from 1, not '1.5'"],
  [
    ['order', 'o1', '--at', '2026-01-01'],
    "--at must be an RFC 3339 time, such as 2026-01-31T12:00:00Z, not '2026-01-01'",
  ],
  [
    ['order', 'o1', '--at', '2026-01-01T00:00:00Z', '--version', '1'],
    '--version must not be given together with --at',
  ],
  [['order', 'o1', '--until', '1'], '--until'],
])('%j is an error that names the argument', (args, message) =>
  expect(() => readArguments(args)).toThrow(message),
);
