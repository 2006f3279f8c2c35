import { describe, expect, test } from 'vitest';
import { stateAt, versionOf } from './state-at.ts';

const total = { amount: 5, currency: 'EUR' };
const order = {
  ...{ orderId: 'o', status: 'confirmed', lines: [], total, refunded: total },
  ...{ correlationId: 'c', timeline: [] },
};
const event = (version: number, type: string, data: Record<string, unknown> = {}) => ({
  ...{ version, id: `e${version}`, at: '2026-11-29T10:00:00Z', type, data, actor: { kind: 'saga' } },
});

describe('the state of an order after an event', () => {
  const events = [
    event(1, 'placed'),
    event(2, 'step-recorded', { step: 'reserve', outcome: 'done' }),
    event(3, 'step-recorded', { step: 'authorise', outcome: 'refused', reason: 'declined' }),
    event(4, 'delivered'),
  ];

  test('has the steps and the delivery up to then, and nothing of the answer alone', () => {
    const state = { status: 'confirmed', lines: [], total, refunded: total };
    expect(stateAt(order, events, 2)).toEqual({ ...state, steps: { reserve: 'done' }, delivered: false });
    expect(stateAt(order, events, 4)).toEqual({
      ...{ ...state, steps: { reserve: 'done', authorise: 'refused: declined' }, delivered: true },
    });
  });

  test.each([
    ['3', 3],
    ['0', 9],
    ['10', 9],
    ['x', 9],
    ['-1', 9],
    [null, 9],
  ])('the version %s of an address is %i of 9', (text, version) => {
    expect(versionOf(text, 9)).toBe(version);
  });
});
