import { expect, test } from 'vitest';
import { answerWithin } from './answer-within.ts';

test('the work keeps its result and its error', async () => {
  expect(await answerWithin(1_000, 'test', Promise.resolve(7))).toBe(7);
  await expect(answerWithin(1_000, 'test', Promise.reject(new Error('wrong')))).rejects.toThrow('wrong');
});

test('a broker that does not answer in time is away', async () => {
  await expect(answerWithin(10, 'test', new Promise(() => {}))).rejects.toMatchObject({
    code: 'bus.broker_away',
    details: { broker: 'test', reason: 'no answer within 10 ms' },
  });
});
