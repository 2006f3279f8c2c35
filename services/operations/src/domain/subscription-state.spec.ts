import { expect, test } from 'vitest';
import { applyChange, type SubscriptionState, untouched } from './subscription-state.ts';

const now = new Date(0);
const [by, reason] = ['ada', 'the mail server is broken'];
const paused: SubscriptionState = { state: 'paused', sequence: 3, change: { since: now, by, reason } };

test('an active subscription is paused, and a paused one is resumed, each with the next sequence', () => {
  expect(applyChange(untouched, { kind: 'pause', reason }, { now, userId: by })).toEqual({
    ...paused,
    sequence: 1,
  });
  expect(applyChange(paused, { kind: 'resume', reason: undefined }, { now, userId: by })).toEqual({
    state: 'active',
    sequence: 4,
    change: { since: now, by, reason: undefined },
  });
});

test('a paused one is not paused again, and an active one is not resumed', () => {
  expect(applyChange(paused, { kind: 'pause', reason }, { now, userId: by })).toBeUndefined();
  expect(applyChange(untouched, { kind: 'resume', reason }, { now, userId: by })).toBeUndefined();
});
