import { expect, test } from 'vitest';
import { createMailFaults, type MailFault } from './faults.ts';

const fault = (change: Partial<MailFault>): MailFault => ({ mode: 'refuse', code: 451, ...change });

test('a fault affects its recipient the given number of times', () => {
  const faults = createMailFaults();
  faults.set(fault({ recipient: 'Ada@example.com', times: 2 }));
  expect(faults.match('refuse', 'bob@example.com')).toBeUndefined();
  expect([1, 2, 3].map(() => faults.match('refuse', 'ada@Example.com')?.code)).toEqual([451, 451, undefined]);
  expect(faults.list()).toMatchObject([{ hits: 2 }]);
});

test('a star matches the rest of an address, and no recipient matches all', () => {
  const faults = createMailFaults();
  faults.set(fault({ recipient: 'ada+*', code: 550 }));
  expect(faults.match('refuse', 'ada+1@example.com')?.code).toBe(550);
  expect(faults.match('refuse', 'ada@example.com')).toBeUndefined();
  faults.set(fault({ code: 452 }));
  expect(faults.match('refuse', 'ada@example.com')?.code).toBe(452);
});

test('a fault affects its own mode only', () => {
  const faults = createMailFaults();
  faults.set(fault({ mode: 'take-then-cut' }));
  expect(faults.match('refuse', 'ada@example.com')).toBeUndefined();
  expect(faults.match('take-then-cut', 'ada@example.com')).toBeDefined();
});

test('a fault replaces one for the same recipients, and can be cleared', () => {
  const faults = createMailFaults();
  faults.set(fault({ recipient: 'a@x.de' }));
  faults.set(fault({ recipient: 'A@x.de', code: 550 }));
  faults.set(fault({ recipient: 'b@x.de' }));
  expect(faults.list()).toHaveLength(2);
  faults.clear('a@X.de');
  expect(faults.list()).toMatchObject([{ recipient: 'b@x.de' }]);
  faults.clear();
  expect(faults.list()).toEqual([]);
});
