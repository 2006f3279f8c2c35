import { expect, test } from 'vitest';
import { faults, isSetAt, type ProviderFault, requestFor } from './faults.ts';
import { brokenOf, type Process, type Situation } from './state.ts';

const normal: Situation = { provider: [], mail: [], subscriptions: [], processes: [] };
const broken = (changes: Partial<Situation>) => brokenOf({ ...normal, ...changes }, faults);
const process = (state: Process['state'], added = false): Process => ({
  ...{ name: 'payment', service: 'payment', state, added },
});
const declines: ProviderFault = { target: 'payment', operation: 'authorise', mode: 'refuse', hits: 3 };

test('a shop without faults, and one that cannot be read, has nothing to undo', () => {
  expect(broken({ processes: [process('running'), process('restarting'), process('starting')] })).toEqual([]);
  const nothing = { provider: undefined, mail: undefined, subscriptions: undefined, processes: undefined };
  expect(broken(nothing)).toEqual([]);
});

test.each([
  ['frozen', false, 'continue', 'payment is frozen'],
  ['down', false, 'start', 'payment is down'],
  ['running', true, 'stop', 'payment was added'],
] as const)('a process that is %s (added: %s) is undone by %s', (state, added, action, what) =>
  expect(broken({ processes: [process(state, added)] })).toEqual([
    { what, undo: { method: 'POST', path: `/api/admin/processes/payment/${action}` } },
  ]),
);

test('a fault is named, and one that has been used up is none', () => {
  expect(broken({ provider: [declines] }).map(({ what }) => what)).toEqual(['the provider declines']);
  expect(broken({ provider: [{ ...declines, times: 3 }] })).toEqual([]);
});

test('a process is undone before the faults, and paused subscriptions last', () => {
  const paused = { name: 'loyalty.orders', service: 'loyalty', ordered: false, contracts: [] };
  const undone = broken({
    provider: [declines],
    mail: [{ mode: 'refuse', code: 451, hits: 0 }],
    subscriptions: [{ ...paused, state: 'paused', pausable: true }],
    processes: [process('down')],
  });
  expect(undone.map(({ undo }) => undo.path)).toEqual([
    '/api/admin/processes/payment/start',
    '/simulator/faults',
    '/api/mailbox/faults',
    '/api/admin/subscriptions/loyalty.orders/resume',
  ]);
});

test('a fault of one order is not the button', () => {
  const [decline] = faults;
  if (decline === undefined) throw new Error('there are no faults');
  expect(isSetAt(decline, declines)).toBe(true);
  expect(isSetAt(decline, { ...declines, reference: 'an order' })).toBe(false);
  expect(requestFor(decline, false)).toEqual({ payment: { mode: 'ok', operation: 'authorise' } });
});
