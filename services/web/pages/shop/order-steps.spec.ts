import { describe, expect, test } from 'vitest';
import { entryOf, type OrderEntry, stepsOf, describe as textOf } from './order-steps.ts';

let version = 0;
const entry = (type: string, status: string, data: Record<string, unknown> = {}): OrderEntry => {
  version += 1;
  return { version, at: '2026-11-29T12:00:00Z', type, status, data, actor: { kind: 'system' } };
};
const step = (name: string, outcome: string, status = 'placed', reason?: string): OrderEntry =>
  entry('step-recorded', status, { step: name, outcome, ...(reason === undefined ? {} : { reason }) });
const states = (entries: readonly OrderEntry[]) => stepsOf(entries).map(({ state }) => state);

describe('the steps of an order', () => {
  test('an order that was just placed runs its first step', () => {
    expect(states([entry('placed', 'placed')])).toEqual([
      'running',
      'waiting',
      'waiting',
      'waiting',
      'waiting',
    ]);
  });

  test('what is done is followed by what is running', () => {
    expect(states([entry('placed', 'placed'), step('reserve', 'done')])).toEqual([
      ...['done', 'running'],
      ...['waiting', 'waiting', 'waiting'],
    ]);
  });

  test('a cancelled order has steps that were refused, compensated and left out', () => {
    const entries = [
      step('reserve', 'done'),
      step('authorise', 'refused', 'cancelling', 'declined'),
      step('reserve', 'undone', 'cancelled'),
    ];
    expect(states(entries)).toEqual(['compensated', 'refused', 'left out', 'left out', 'left out']);
    expect(stepsOf(entries)[1]?.reason).toBe('declined');
  });

  test('nothing runs while a person looks into it', () => {
    expect(states([entry('parked', 'needs-attention')])).not.toContain('running');
  });

  test.each<[OrderEntry, string]>([
    [entry('placed', 'placed'), 'You placed the order'],
    [step('capture', 'done'), 'Payment is taken'],
    [step('authorise', 'refused', 'placed', 'no funds'), 'Payment is authorised – refused: no funds'],
    [entry('cancelled', 'cancelled', { reason: 'no stock' }), 'The order was cancelled: no stock'],
    [entry('refund-requested', 'completed'), 'refund requested'],
  ])('an entry is told in words', (told, text) => {
    expect(textOf(told)).toBe(text);
  });

  test.each([undefined, null, 'text', {}, { type: 'placed' }])('%j is no event of an order', (data) => {
    expect(entryOf({ id: '1', type: 'placed', data })).toBeUndefined();
  });
});
