import { busErrors } from '@emporium/bus';
import { describe, expect, test } from 'vitest';
import { classify, isAway, isConflict, violates } from './errors.ts';

const coded = (code: string, message = 'no') => Object.assign(new Error(message), { code });

describe('a fault of the connection is store.database_away', () => {
  const codes = [
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    '08006',
    '57P01',
    '57P02',
    '57P03',
    '53300',
    '53100',
    '25006',
  ];
  test.each(codes)('%s', (code) => {
    expect(classify(coded(code))).toMatchObject({
      code: 'store.database_away',
      settle: 'pause',
      cause: { code },
    });
  });

  const texts = [
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
    'Cannot use a pool after calling end on the pool',
    'driver has already been destroyed',
  ];
  test.each(texts)('%s', (text) => {
    expect(isAway(classify(new Error(text)))).toBe(true);
  });
});

test.each(['22021', '22003', '22008', '22P05', '22P02', '54000'])(
  '%s is data that can never be stored: no attempt is worth repeating',
  (code) => {
    expect(classify(coded(code))).toMatchObject({
      code: 'store.unstorable',
      settle: 'dead-letter',
      cause: { code },
    });
  },
);

test.each(['23505', '42P01', '25P02', '40P01'])('%s stays what it is', (code) => {
  const error = coded(code);
  expect(classify(error)).toBe(error);
});

test('a fault stays what it is, and so does a value that is not an error', () => {
  const fault = busErrors.broker_away();
  expect(classify(fault)).toBe(fault);
  expect(classify('Connection terminated')).toBe('Connection terminated');
  expect(classify(undefined)).toBe(undefined);
});

test('collisions, and plans that the tables have left behind, may work at once', () => {
  for (const code of ['40001', '40P01', '55P03', '26000']) expect(isConflict(coded(code))).toBe(true);
  expect(isConflict(coded('0A000', 'cached plan must not change result type'))).toBe(true);
  expect(isConflict(coded('0A000', 'not supported'))).toBe(false);
  expect(isConflict(coded('23505'))).toBe(false);
});

test('a violated constraint is recognised by its name', () => {
  expect(violates(Object.assign(coded('23505'), { constraint: 'user_email' }), 'user_email')).toBe(true);
  expect(violates(Object.assign(coded('23505'), { constraint: 'user_pkey' }), 'user_email')).toBe(false);
  expect(violates(Object.assign(coded('23503'), { constraint: 'user_email' }), 'user_email')).toBe(false);
  expect(violates(undefined, 'user_email')).toBe(false);
});
