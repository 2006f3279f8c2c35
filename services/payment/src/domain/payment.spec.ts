import { describe, expect, test } from 'vitest';
import { beginAuthorisation, expireAuthorisation, recordAuthorisation } from './authorisation.ts';
import { beginCapture, recordCapture } from './capture.ts';
import type { BeforeCall, Payment, Refund } from './payment.ts';
import {
  beginRefund,
  beginWholeRefund,
  cancelRefund,
  type RefundOutcome,
  recordRefund,
  recordWholeRefund,
} from './refund.ts';
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
  ['none', 'call', 'capture-failed', 'call', 'refund-declined'],
  ['authorising', 'call', 'capture-failed', 'call', 'refund-declined'],
  ['authorised', 'authorised', 'call', 'call', 'refund-declined'],
  ['declined', 'declined', 'capture-failed', 'voided', 'refund-declined'],
  ['voiding', 'declined', 'capture-failed', 'call', 'refund-declined'],
  ['voided', 'declined', 'capture-failed', 'voided', 'refund-declined'],
  ['captured', 'authorised', 'captured', 'impossible', 'call'],
  ['refunded', 'authorised', 'captured', 'impossible', 'refund-declined'],
])(
  'given a payment that is %s: authorise → %s, capture → %s, void → %s, refund → %s',
  (status, ...expected) => {
    const payment = states[status];
    const results: BeforeCall<unknown>[] = [
      beginAuthorisation(payment, { total, token: 't' }),
      beginCapture(payment),
      beginVoid(payment),
      beginRefund(payment, { refundId: 'r-1', amount: total }),
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

  test('of a payment that the provider had captured without an answer records that it is captured', () => {
    const outcome = { authorisationIds: [], capturedId: 'a-1' };
    const captured = { kind: 'captured', total };
    expect(recordVoid(states.voiding, outcome)).toEqual({
      reply: captured,
      change: { payment: states.captured, entries: [entry('authorised'), entry('captured')] },
    });
    expect(recordVoid(states.captured, outcome)).toEqual({ reply: captured });
    expect(recordVoid(states.refunded, outcome)).toEqual({ reply: captured });
  });

  test('of a payment that the provider had renewed and captured without an answer records both authorisations', () => {
    const { change } = recordVoid(states.voiding, { authorisationIds: ['a-1'], capturedId: 'a-2' });
    expect(change).toEqual({
      payment: { ...states.captured, authorisationId: 'a-2' },
      entries: [
        ...[entry('authorised'), entry('voided')],
        ...[entry('authorised', 'a-2'), entry('captured', 'a-2')],
      ],
    });
    // The response to the capture arrives after all.
    const request = { authorisationId: 'a-1', total, renewWith: 't' };
    const payment = change?.payment ?? states.none;
    expect(recordCapture(payment, request, { kind: 'captured', renewedAs: 'a-2' })).toEqual({
      reply: { kind: 'captured', total },
      change: { payment, entries: [entry('captured', 'a-2')] }, // a duplicate that the ledger ignores
    });
  });

  test.each([{ status: 'voiding' }, states.voided, states.declined] as const)(
    'of money that we know nothing of, and that was captured, is impossible (%#)',
    (payment) =>
      expect(recordVoid(payment, { authorisationIds: [], capturedId: 'a-9' })).toMatchObject({
        reply: { kind: 'impossible' },
      }),
  );

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

  test('that is refused after a renewal that is being voided leaves the ledger to the void', () => {
    const refused = { kind: 'refused', reason: 'no', renewedAs: 'a-2' } as const;
    for (const payment of [states.voiding, states.voided])
      expect(recordCapture(payment, request, refused).change?.entries ?? []).toEqual([]);
  });

  test('of a payment that is captured already keeps its state', () => {
    expect(recordCapture(states.refunded, request, { kind: 'captured' })).toEqual({
      reply: { kind: 'captured', total },
      change: { payment: states.refunded, entries: [entry('captured')] }, // a duplicate that the ledger ignores
    });
  });
});

describe('a refund', () => {
  const eur = (amount: number) => ({ amount, currency: 'EUR' });
  const request = (amount: number) => ({ authorisationId: 'a-1', amount: eur(amount) });
  const refund = (refundId: string, amount: number, isDone = true) => ({
    refundId,
    amount: eur(amount),
    isDone,
  });
  const withRefunds = (...refunds: readonly Refund[]): Payment => ({
    ...states.captured,
    refunds,
  });

  test('is recorded before the provider is called', () => {
    expect(beginRefund(states.captured, { refundId: 'r-1', amount: eur(400) })).toEqual({
      request: request(400),
      change: { payment: withRefunds(refund('r-1', 400, false)) },
    });
  });

  test('that is repeated before its result is known is requested again', () => {
    const before = withRefunds(refund('r-1', 400, false));
    expect(beginRefund(before, { refundId: 'r-1', amount: eur(400) })).toEqual({ request: request(400) });
  });

  test('of a part leaves the rest captured, and the last part leaves nothing', () => {
    const first = { refundId: 'r-1', amount: eur(400) };
    expect(
      recordRefund(withRefunds(refund('r-1', 400, false)), first, request(400), { kind: 'refunded' }),
    ).toEqual({
      reply: { kind: 'refunded', ...first },
      change: {
        payment: withRefunds(refund('r-1', 400)),
        entries: [{ entry: 'refunded', authorisationId: 'a-1', amount: eur(400), refundId: 'r-1' }],
      },
    });
    const last = { refundId: 'r-2', amount: eur(500) };
    const both = withRefunds(refund('r-1', 400), refund('r-2', 500, false));
    expect(recordRefund(both, last, request(500), { kind: 'refunded' }).change?.payment).toMatchObject({
      status: 'refunded',
      refunds: [refund('r-1', 400), refund('r-2', 500)],
    });
  });

  test('that was carried out gets the same reply again', () => {
    const { payment } = recordRefund(
      withRefunds(refund('r-1', 900, false)),
      { refundId: 'r-1', amount: total },
      request(900),
      { kind: 'refunded' },
    ).change ?? { payment: states.captured };
    expect(beginRefund(payment, { refundId: 'r-1', amount: total })).toEqual({
      reply: { kind: 'refunded', refundId: 'r-1', amount: total },
    });
  });

  test('of more than is left is declined, also while another one is in progress', () => {
    const before = withRefunds(refund('r-1', 300), refund('r-2', 500, false));
    expect(beginRefund(before, { refundId: 'r-3', amount: eur(101) })).toEqual({
      reply: { kind: 'refund-declined', refundId: 'r-3', reason: 'only 100 EUR are left' },
    });
    expect(beginRefund(before, { refundId: 'r-3', amount: eur(100) })).toMatchObject({
      request: request(100),
    });
  });

  test('in another currency is declined', () => {
    const amount = { amount: 1, currency: 'JPY' };
    expect(beginRefund(states.captured, { refundId: 'r-1', amount })).toMatchObject({
      reply: { kind: 'refund-declined', reason: 'the payment is in EUR' },
    });
  });

  test('with the id of another amount is impossible', () => {
    expect(beginRefund(withRefunds(refund('r-1', 400)), { refundId: 'r-1', amount: eur(500) })).toMatchObject(
      { reply: { kind: 'impossible' } },
    );
  });

  test('that the provider refuses stays recorded, and may be requested again', () => {
    const before = withRefunds(refund('r-1', 400, false));
    const declined = { kind: 'refused', reason: 'refund_refused' } as const;
    expect(recordRefund(before, { refundId: 'r-1', amount: eur(400) }, request(400), declined)).toEqual({
      reply: { kind: 'refund-declined', refundId: 'r-1', reason: 'refund_refused' },
      change: { payment: withRefunds({ ...refund('r-1', 400, false), isUnpaid: true }) },
    });
    const refused = withRefunds({ ...refund('r-1', 400, false), isUnpaid: true });
    expect(beginRefund(refused, { refundId: 'r-1', amount: eur(400) })).toEqual({
      request: request(400),
      change: { payment: before },
    });
    expect(beginRefund(refused, { refundId: 'r-2', amount: eur(501) })).toMatchObject({
      reply: { kind: 'refund-declined', reason: 'only 500 EUR are left' },
    });
  });

  describe('of version 2', () => {
    const recorded = { refundId: '', amount: total, isDone: false };

    test('refunds all of it, and leaves nothing to others', () => {
      expect(beginWholeRefund(states.captured)).toEqual({
        request: request(900),
        change: { payment: withRefunds(recorded) },
      });
      expect(beginRefund(withRefunds(recorded), { refundId: 'r-1', amount: eur(1) })).toMatchObject({
        reply: { kind: 'refund-declined' },
      });
      const { reply, change } = recordWholeRefund(withRefunds(recorded), request(900));
      expect(reply).toEqual({ kind: 'refunded-whole', total });
      expect(change?.payment).toMatchObject({ status: 'refunded' });
    });

    test('gets the same reply again, also from a payment that an earlier release has refunded', () => {
      expect(beginWholeRefund(states.refunded)).toEqual({ reply: { kind: 'refunded-whole', total } });
    });

    test('is impossible after a refund of a part, and without a captured payment', () => {
      expect(beginWholeRefund(withRefunds(refund('r-1', 1)))).toMatchObject({
        reply: { kind: 'impossible' },
      });
      expect(beginWholeRefund(states.authorised)).toMatchObject({ reply: { kind: 'impossible' } });
    });
  });
});

describe('a refund that is cancelled', () => {
  const eur = (amount: number) => ({ amount, currency: 'EUR' });
  const refund = (refundId: string, amount: number, isDone = false) => ({
    ...{ refundId, amount: eur(amount), isDone },
  });
  const paymentAfter = (...refunds: readonly ReturnType<typeof refund>[]): Payment => ({
    ...states.captured,
    refunds,
  });
  const cancelled = (payment: Payment, refundId: string): Payment => {
    const { change } = cancelRefund(payment, refundId);
    if (change === undefined) throw new Error('it changes nothing');
    return change.payment;
  };

  const eur100 = { refundId: 'r-1', amount: eur(100) };
  const call = { authorisationId: 'a-1', amount: eur(100) };
  /** The provider has answered, or not. */
  const begun = (outcome?: RefundOutcome, payment: Payment = states.captured): Payment => {
    const before = beginRefund(payment, eur100).change?.payment ?? payment;
    return outcome === undefined
      ? before
      : (recordRefund(before, eur100, call, outcome).change?.payment ?? before);
  };
  const refused = { kind: 'refused', reason: 'no' } as const;
  const declined = {
    reply: { kind: 'refund-declined', refundId: 'r-1', reason: 'the refund was cancelled' },
  };

  test('after a refusal leaves its amount to others, and is declined from then on', () => {
    const payment = cancelled(begun(refused), 'r-1');
    expect(beginRefund(payment, { refundId: 'r-2', amount: total })).toMatchObject({ change: {} });
    expect(beginRefund(payment, eur100)).toEqual(declined);
    expect(cancelled(payment, 'r-1')).toEqual(payment);
  });

  test('before it comes leaves a tombstone', () => {
    const payment = cancelled(states.captured, 'r-1');
    expect(beginRefund(payment, eur100)).toEqual(declined);
    expect(beginRefund(payment, { refundId: 'r-2', amount: total })).toMatchObject({ change: {} });
  });

  test('after the provider paid it and the answer was lost is requested again, and counts', () => {
    const payment = cancelled(begun(), 'r-1');
    expect(beginRefund(payment, eur100)).toEqual({ request: call });
    expect(recordRefund(payment, eur100, call, { kind: 'refunded' })).toMatchObject({
      reply: { kind: 'refunded' },
      change: { payment: paymentAfter(refund('r-1', 100, true)), entries: [{ entry: 'refunded' }] },
    });
  });

  test('while its result is unknown keeps its amount, until it is refused', () => {
    const payment = cancelled(begun(), 'r-1');
    expect(beginRefund(payment, { refundId: 'r-2', amount: total })).toEqual({
      reply: {
        ...{ kind: 'refund-declined', refundId: 'r-2' },
        reason: 'only 800 EUR are left, and it is not known whether the cancelled refund r-1 was paid',
      },
    });
    const after = begun(refused, payment);
    expect(beginRefund(after, { refundId: 'r-2', amount: total })).toMatchObject({ change: {} });
    expect(beginRefund(after, eur100)).toEqual(declined);
  });

  test('in a later attempt than the one that was refused may have been paid', () => {
    const payment = cancelled(begun(undefined, begun(refused)), 'r-1');
    expect(beginRefund(payment, eur100)).toEqual({ request: call });
    expect(beginRefund(payment, { refundId: 'r-2', amount: total })).toMatchObject({
      reply: { kind: 'refund-declined' },
    });
  });

  test('that was recorded by an earlier release may have been paid', () =>
    expect(beginRefund(cancelled(paymentAfter(refund('r-1', 100)), 'r-1'), eur100)).toEqual({
      request: call,
    }));

  test('after it was paid says that it was', () =>
    expect(cancelRefund(paymentAfter(refund('r-1', 500, true)), 'r-1')).toEqual({
      reply: { kind: 'refunded', refundId: 'r-1', amount: eur(500) },
    }));

  test('counts when its call to the provider succeeds after all', () => {
    const payment = cancelled(paymentAfter(refund('r-1', total.amount)), 'r-1');
    const request = { authorisationId: 'a-1', amount: total };
    const outcome = { kind: 'refunded' } as const;
    expect(recordRefund(payment, { refundId: 'r-1', amount: total }, request, outcome)).toMatchObject({
      reply: { kind: 'refunded' },
      change: { payment: { status: 'refunded' } },
    });
  });

  test('of a payment that was not captured changes nothing', () =>
    expect(cancelRefund({ status: 'voided' }, 'r-1')).toEqual({ reply: { kind: 'none' } }));
});
