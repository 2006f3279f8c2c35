import { permanent } from '@emporium/bus';
import { expect, test } from 'vitest';
import { classify, isAway, within } from './faults.ts';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });

test.each([
  [coded('ECONNREFUSED'), 'tasks.queue_away'],
  [coded('57P01'), 'tasks.queue_away'],
  [new Error('Connection is closed.'), 'tasks.queue_away'],
  [new Error('Reached the max retries per request limit (which is 3).'), 'tasks.queue_away'],
  [new Error('LOADING Redis is loading the dataset in memory'), 'tasks.queue_away'],
  [new Error("OOM command not allowed when used memory > 'maxmemory'."), 'tasks.queue_full'],
  [coded('53100'), 'tasks.queue_full'],
])('%s is %s', (error, code) => {
  expect(classify(error)).toMatchObject({ code, settle: 'pause' });
  expect(isAway(classify(error))).toBe(true);
});

test('every other error stays what it is', () => {
  for (const error of [new Error('syntax error'), permanent('never'), coded('23505')]) {
    expect(classify(error)).toBe(error);
    expect(isAway(error)).toBe(false);
  }
});

test('what takes too long is away', async () => {
  await expect(within(10, new Promise(() => undefined))).rejects.toMatchObject({ code: 'tasks.queue_away' });
  await expect(within(1_000, Promise.resolve(7))).resolves.toBe(7);
});
