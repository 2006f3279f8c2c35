import { describe, expect, test } from 'vitest';
import { expireAuthorisation, intendAuthorisation, settleAuthorisation } from './authorisation.ts';
import { intendCapture, settleCapture } from './capture.ts';
import type { Payment } from './payment.ts';
import { intendRefund } from './refund.ts';
import { intendVoid, settleVoid } from './void.ts';

const total = { amount: 900, currency: 'EUR' };
const states: { readonly [Status in Payment['status']]: Extract<Payment, { status: Status }> } = {
  authorising: { status: 'authorising', total, token: 't' },
  authorised: { status: 'authorised', total, token: 't', authorisationId: 'a-1', isRenewed: false },
  declined: { status: 'declined', reason: 'no money' },
  voiding: { status: 'voiding', total, authorisationId: 'a-1' },
  voided: { status: 'voided' },
  captured: { status: 'captured', total, authorisationId: 'a-1' },
  refunded: { status: 'refunded', total, authorisationId: 'a-1' },
};
type Status = Payment['status'];
const entry = (name: string, authorisationId = 'a-1') => ({ entry: name, authorisationId, amount: total });

/** What each command does to a payment in each state: asks the provider, or answers from what is known. */
test.each<[Status, string, string, string, string]>([
  // state        authorise     capture           void         refund
  ['authorising', 'ask', 'capture-failed', 'ask', 'impossible'],
  ['authorised', 'authorised', 'ask', 'ask', 'impossible'],
  ['declined', 'declined', 'capture-failed', 'voided', 'impossible'],
  ['voiding', 'declined', 'capture-failed', 'ask', 'impossible'],
  ['voided', 'declined', 'capture-failed', 'voided', 'impossible'],
  ['captured', 'authorised', 'captured', 'impossible', 'ask'],
  ['refunded', 'authorised', 'captured', 'impossible', 'refunded'],
])(
  'given a payment that is %s: authorise → %s, capture → %s, void → %s, refund → %s',
  (status, ...expected) => {
    const payment = states[status];
    const intents = [
      intendAuthorisation(payment),
      intendCapture(payment),
      intendVoid(payment).intent,
      intendRefund(payment),
    ];
    expect(intents.map((intent) => (intent.kind === 'ask' ? 'ask' : intent.answer.kind))).toEqual(expected);
  },
);

describe('an authorisation', () => {
  const approved = { kind: 'approved', authorisationId: 'a-1' } as const;

  test('that is approved is kept with what a renewal needs', () => {
    expect(settleAuthorisation(states.authorising, approved)).toEqual({
      answer: { kind: 'authorised', total },
      payment: states.authorised,
      entries: [entry('authorised')],
    });
  });

  test('that is declined keeps the reason and forgets the token', () => {
    expect(settleAuthorisation(states.authorising, { kind: 'declined', reason: 'no money' })).toEqual({
      answer: { kind: 'declined', reason: 'no money' },
      payment: states.declined,
    });
  });

  test.each(['voiding', 'voided'] as const)(
    'that is approved when the payment is %s is declined',
    (status) => {
      expect(settleAuthorisation(states[status], approved)).toEqual({
        answer: { kind: 'declined', reason: 'voided' },
      });
    },
  );

  test('that expired is refused only when the provider cannot have been asked', () => {
    expect(expireAuthorisation(states.authorising)).toEqual({ kind: 'silence' });
    expect(expireAuthorisation(states.declined)).toEqual({ kind: 'declined', reason: 'no money' });
    expect(expireAuthorisation(states.authorised)).toEqual({ kind: 'authorised', total });
  });
});

describe('a void', () => {
  test('closes the payment before the provider is asked', () => {
    expect(intendVoid(states.authorised).payment).toEqual(states.voiding);
    expect(intendVoid(states.authorising).payment).toEqual({ status: 'voiding', total });
  });

  test('records what the provider let go of, also when we never heard that it was held', () => {
    expect(settleVoid({ status: 'voiding', total }, { authorisationIds: ['a-2'] })).toEqual({
      answer: { kind: 'voided' },
      payment: { status: 'voided' },
      entries: [entry('authorised', 'a-2'), entry('voided', 'a-2')],
    });
  });

  test('of an order that was never authorised moves no money', () => {
    expect(settleVoid({ status: 'voiding' }, { authorisationIds: [] })).toMatchObject({ entries: [] });
  });

  test('that is settled already changes nothing', () => {
    expect(settleVoid(states.voided, { authorisationIds: ['a-1'] })).toEqual({ answer: { kind: 'voided' } });
  });
});

describe('a capture', () => {
  const request = { authorisationId: 'a-1', total, renewWith: 't' };

  test('may renew an authorisation once', () => {
    expect(intendCapture(states.authorised)).toEqual({ kind: 'ask', ask: request });
    expect(intendCapture({ ...states.authorised, isRenewed: true })).toEqual({
      kind: 'ask',
      ask: { authorisationId: 'a-1', total },
    });
  });

  test('takes the money', () => {
    expect(settleCapture(states.authorised, request, { kind: 'captured' })).toEqual({
      answer: { kind: 'captured', total },
      payment: states.captured,
      entries: [entry('captured')],
    });
  });

  test('of a renewal lets the first authorisation go', () => {
    expect(settleCapture(states.authorised, request, { kind: 'captured', renewedAs: 'a-2' })).toEqual({
      answer: { kind: 'captured', total },
      payment: { ...states.captured, authorisationId: 'a-2' },
      entries: [entry('expired'), entry('authorised', 'a-2'), entry('captured', 'a-2')],
    });
  });

  test('that is refused after a renewal remembers the renewal', () => {
    const refused = { kind: 'refused', reason: 'no', renewedAs: 'a-2' } as const;
    expect(settleCapture(states.authorised, request, refused)).toEqual({
      answer: { kind: 'capture-failed', reason: 'no' },
      payment: { ...states.authorised, authorisationId: 'a-2', isRenewed: true },
      entries: [entry('expired'), entry('authorised', 'a-2')],
    });
  });

  test('whose money is there already changes nothing', () => {
    expect(settleCapture(states.refunded, request, { kind: 'captured' })).toEqual({
      answer: { kind: 'captured', total },
      entries: [entry('captured')], // which the ledger has
    });
  });
});
