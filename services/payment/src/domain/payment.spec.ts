import { describe, expect, test } from 'vitest';
import { beginAuthorisation, expireAuthorisation, recordAuthorisation } from './authorisation.ts';
import { beginCapture, recordCapture } from './capture.ts';
import type { BeforeCall, Payment } from './payment.ts';
import { beginRefund } from './refund.ts';
import { beginVoid, recordVoid } from './void.ts';

const total = { amount: 900, currency: 'EUR' };
const states: { readonly [Status in Payment['status']]: Extract<Payment, { status: Status }> } = {
  none: { status: 'none' },
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

/** Whether a command calls the provider in each state, or which reply it gets. */
test.each<[Status, string, string, string, string]>([
  // state        authorise     capture           void         refund
  ['none', 'call', 'capture-failed', 'call', 'impossible'],
  ['authorising', 'call', 'capture-failed', 'call', 'impossible'],
  ['authorised', 'authorised', 'call', 'call', 'impossible'],
  ['declined', 'declined', 'capture-failed', 'voided', 'impossible'],
  ['voiding', 'declined', 'capture-failed', 'call', 'impossible'],
  ['voided', 'declined', 'capture-failed', 'voided', 'impossible'],
  ['captured', 'authorised', 'captured', 'impossible', 'call'],
  ['refunded', 'authorised', 'captured', 'impossible', 'refunded'],
])(
  'given a payment that is %s: authorise → %s, capture → %s, void → %s, refund → %s',
  (status, ...expected) => {
    const payment = states[status];
    const results: BeforeCall<unknown>[] = [
      beginAuthorisation(payment, { total, token: 't' }),
      beginCapture(payment),
      beginVoid(payment),
      beginRefund(payment),
    ];
    expect(results.map((each) => ('reply' in each ? each.reply.kind : 'call'))).toEqual(expected);
  },
);

describe('an authorisation', () => {
  const approved = { kind: 'approved', authorisationId: 'a-1' } as const;

  test('that is approved keeps the token for a renewal', () => {
    expect(recordAuthorisation(states.authorising, approved)).toEqual({
      reply: { kind: 'authorised', total },
      change: { payment: states.authorised, entries: [entry('authorised')] },
    });
  });

  test('that is declined keeps the reason and deletes the token', () => {
    expect(recordAuthorisation(states.authorising, { kind: 'declined', reason: 'no money' })).toEqual({
      reply: { kind: 'declined', reason: 'no money' },
      change: { payment: states.declined },
    });
  });

  test.each(['voiding', 'voided'] as const)(
    'that is approved when the payment is %s is declined',
    (status) => {
      expect(recordAuthorisation(states[status], approved)).toEqual({
        reply: { kind: 'declined', reason: 'voided' },
      });
    },
  );

  test('that has expired is declined only if the provider was not called', () => {
    const expired = { status: 'declined', reason: 'expired' };
    expect(expireAuthorisation(states.none)).toEqual({
      reply: { kind: 'declined', reason: 'expired' },
      change: { payment: expired },
    });
    expect(expireAuthorisation(states.authorising)).toEqual({ reply: { kind: 'none' } });
    expect(expireAuthorisation(states.declined)).toEqual({
      reply: { kind: 'declined', reason: 'no money' },
    });
    expect(expireAuthorisation(states.authorised)).toEqual({ reply: { kind: 'authorised', total } });
  });
});

describe('a void', () => {
  test('changes the status before the provider is called', () => {
    expect(beginVoid(states.authorised).change?.payment).toEqual(states.voiding);
    expect(beginVoid(states.authorising).change?.payment).toEqual({ status: 'voiding', total });
    expect(beginVoid(states.none).change?.payment).toEqual({ status: 'voiding' });
  });

  test('records what the provider released, even if the response to the authorisation was lost', () => {
    expect(recordVoid({ status: 'voiding', total }, { authorisationIds: ['a-2'] })).toEqual({
      reply: { kind: 'voided' },
      change: {
        payment: { status: 'voided' },
        entries: [entry('authorised', 'a-2'), entry('voided', 'a-2')],
      },
    });
  });

  test('of an order that was never authorised moves no money', () => {
    expect(recordVoid({ status: 'voiding' }, { authorisationIds: [] })).toMatchObject({
      change: { entries: [] },
    });
  });

  test('that is finished already changes nothing', () => {
    expect(recordVoid(states.voided, { authorisationIds: ['a-1'] })).toEqual({ reply: { kind: 'voided' } });
  });
});

describe('a capture', () => {
  const request = { authorisationId: 'a-1', total, renewWith: 't' };

  test('may renew an authorisation once', () => {
    expect(beginCapture(states.authorised)).toEqual({ request });
    expect(beginCapture({ ...states.authorised, isRenewed: true })).toEqual({
      request: { authorisationId: 'a-1', total },
    });
  });

  test('takes the money', () => {
    expect(recordCapture(states.authorised, request, { kind: 'captured' })).toEqual({
      reply: { kind: 'captured', total },
      change: { payment: states.captured, entries: [entry('captured')] },
    });
  });

  test('of a renewed authorisation records that the first one expired', () => {
    expect(recordCapture(states.authorised, request, { kind: 'captured', renewedAs: 'a-2' })).toEqual({
      reply: { kind: 'captured', total },
      change: {
        payment: { ...states.captured, authorisationId: 'a-2' },
        entries: [entry('expired'), entry('authorised', 'a-2'), entry('captured', 'a-2')],
      },
    });
  });

  test('that is refused after a renewal keeps the renewed authorisation', () => {
    const refused = { kind: 'refused', reason: 'no', renewedAs: 'a-2' } as const;
    expect(recordCapture(states.authorised, request, refused)).toEqual({
      reply: { kind: 'capture-failed', reason: 'no' },
      change: {
        payment: { ...states.authorised, authorisationId: 'a-2', isRenewed: true },
        entries: [entry('expired'), entry('authorised', 'a-2')],
      },
    });
  });

  test('of a payment that is captured already keeps its state', () => {
    expect(recordCapture(states.refunded, request, { kind: 'captured' })).toEqual({
      reply: { kind: 'captured', total },
      change: { payment: states.refunded, entries: [entry('captured')] }, // a duplicate that the ledger ignores
    });
  });
});
