import { expect, test } from 'vitest';
import { createEnding } from './ending.ts';

test('ending an attempt aborts its signal, and reports the first reason once', () => {
  const reasons: unknown[] = [];
  const ending = createEnding((reason) => reasons.push(reason));
  const { signal } = ending;
  expect(signal.aborted).toBe(false);
  ending.end('too slow');
  ending.end('cancelled');
  expect([signal.aborted, signal.reason]).toEqual([true, 'too slow']);
  expect(reasons).toEqual(['too slow']);
});

test('a signal that is asked for afterwards is aborted, too', () => {
  const ending = createEnding(() => undefined);
  ending.end('too slow');
  expect(ending.signal.reason).toBe('too slow');
  expect(ending.signal).toBe(ending.signal);
});
