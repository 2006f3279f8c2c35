import { expect, test } from 'vitest';
import { createFaults } from './faults.ts';

const request = { operation: 'authorise', reference: 'order-1', token: 'tok_ok' };

test('without a rule there is no fault', () => {
  expect(createFaults().match('payment', request)).toBeUndefined();
});

test('a rule applies the given number of times', () => {
  const faults = createFaults();
  faults.set({ target: 'payment', fault: { mode: 'error' }, times: 2 });
  expect([1, 2, 3].map(() => faults.match('payment', request)?.mode)).toEqual(['error', 'error', undefined]);
  expect(faults.list()).toMatchObject([{ hits: 2 }]);
});

test('a rule applies to its own target, reference, token and operation only', () => {
  const faults = createFaults();
  faults.set({ target: 'payment', fault: { mode: 'error' }, reference: 'order-2' });
  faults.set({ target: 'payment', fault: { mode: 'error' }, token: 'tok_visa' });
  faults.set({ target: 'payment', fault: { mode: 'error' }, operation: 'void' });
  faults.set({ target: 'carrier', fault: { mode: 'error' } });
  expect(faults.match('payment', request)).toBeUndefined();
  expect(faults.match('payment', { ...request, operation: 'void' })).toEqual({ mode: 'error' });
  expect(faults.match('payment', { ...request, reference: 'order-2' })).toEqual({ mode: 'error' });
});

test('the most specific rule applies; when it is used up, the next one', () => {
  const faults = createFaults();
  faults.set({ target: 'payment', fault: { mode: 'error' } });
  faults.set({ target: 'payment', fault: { mode: 'stall' }, reference: 'order-1', times: 1 });
  expect([1, 2].map(() => faults.match('payment', request)?.mode)).toEqual(['stall', 'error']);
});

test('a rule replaces one with the same selector, and can be removed or cleared', () => {
  const faults = createFaults();
  faults.set({ target: 'payment', fault: { mode: 'error' } });
  faults.set({ target: 'payment', fault: { mode: 'stall' } });
  expect(faults.list()).toHaveLength(1);
  faults.remove('payment', {});
  expect(faults.list()).toEqual([]);
  faults.set({ target: 'payment', fault: { mode: 'error' }, reference: 'a' });
  faults.set({ target: 'payment', fault: { mode: 'error' }, reference: 'b' });
  faults.clear('a');
  expect(faults.list()).toMatchObject([{ reference: 'b' }]);
  faults.clear();
  expect(faults.list()).toEqual([]);
});
