import { expect, test } from 'vitest';
import { createLedger } from './ledger.ts';

const newLedger = () => {
  const clock = { now: 1_700_000_000_000 };
  const ledger = createLedger({ file: undefined, authorisationTtlMs: 1_000, now: () => clock.now });
  return { ledger, clock };
};
const amount = { amount: 1_999, currency: 'EUR' };
const order = (token = 'tok_ok') => ({ amount, token, reference: 'order-1' });

const authorised = (token?: string) => {
  const { ledger, clock } = newLedger();
  const outcome = ledger.authorise('key-a', order(token), false);
  const id = 'body' in outcome ? String(outcome.body['id']) : '';
  return { ledger, clock, id };
};
const refusal = (code: string) => expect.objectContaining({ code });
const approval = (status: string) => expect.objectContaining({ body: expect.objectContaining({ status }) });

test('the same key and body return the same outcome and make one authorisation', () => {
  const { ledger } = newLedger();
  const first = ledger.authorise('key-a', order(), false);
  expect(first).toEqual(approval('approved'));
  expect(ledger.authorise('key-a', order(), false)).toEqual(first);
  expect(ledger.lines()).toHaveLength(1);
});

test('the same key with another body or operation is rejected', () => {
  const { ledger, id } = authorised();
  expect(ledger.authorise('key-a', { ...order(), reference: 'order-2' }, false)).toEqual(
    refusal('idempotency_key_reused'),
  );
  expect(ledger.capture('key-a', id, undefined, false)).toEqual(refusal('idempotency_key_reused'));
  expect(ledger.lines()).toHaveLength(1);
});

test.each([
  ['tok_ok', 'approved', undefined],
  ['tok_ok_gold', 'approved', undefined],
  ['tok_visa_4242', 'approved', undefined],
  ['tok_declined', 'declined', 'card_declined'],
  ['tok_insufficient', 'declined', 'insufficient_funds'],
  ['something else', 'declined', 'unknown_token'],
])('%s is %s', (token, status, reason) => {
  const { ledger } = newLedger();
  expect(ledger.authorise('k', order(token), false)).toEqual({
    status: 201,
    body: expect.objectContaining(reason === undefined ? { status } : { status, reason }),
  });
  const held = status === 'approved' ? 1_999 : 0;
  expect(ledger.lines('order-1')).toMatchObject([{ authorised: held, held, captured: 0 }]);
});

test('a capture moves the money once, also when it is repeated', () => {
  const { ledger, id } = authorised();
  const first = ledger.capture('key-c', id, undefined, false);
  expect(first).toEqual(approval('captured'));
  expect(ledger.capture('key-c', id, undefined, false)).toEqual(first);
  expect(ledger.capture('key-other', id, undefined, false)).toEqual(refusal('already_captured'));
  expect(ledger.lines()).toMatchObject([
    { status: 'captured', authorised: 1_999, held: 0, captured: 1_999, refunded: 0 },
  ]);
});

test('no more than was authorised can be captured, and not in another currency', () => {
  const { ledger, id } = authorised();
  expect(ledger.capture('c1', id, { amount: 2_000, currency: 'EUR' }, false)).toEqual(
    refusal('amount_too_large'),
  );
  expect(ledger.capture('c2', id, { amount: 1, currency: 'USD' }, false)).toEqual(
    refusal('amount_too_large'),
  );
});

test('an expired authorisation cannot be captured, but a renewed one can', () => {
  const { ledger, clock, id } = authorised();
  clock.now += 1_001;
  expect(ledger.capture('c1', id, undefined, false)).toEqual(refusal('authorisation_expired'));
  expect(ledger.lines()).toMatchObject([{ status: 'expired', held: 0 }]);
  const renewed = ledger.authorise('key-b', order(), false);
  expect(renewed).toEqual(approval('approved'));
  expect(ledger.capture('c1', ledger.findByKey('key-b')?.id ?? '', undefined, false)).toEqual(
    approval('captured'),
  );
});

test('tok_expires expires at once', () => {
  const { ledger, id } = authorised('tok_expires');
  expect(ledger.capture('c1', id, undefined, false)).toEqual(refusal('authorisation_expired'));
});

test('tok_expires_1 expires at once, but the renewed authorisation is valid', () => {
  const { ledger, id } = authorised('tok_expires_1');
  expect(ledger.capture('c1', id, undefined, false)).toEqual(refusal('authorisation_expired'));
  ledger.authorise('key-renewed', order('tok_expires_1'), false);
  expect(ledger.capture('c2', ledger.findByKey('key-renewed')?.id ?? '', undefined, false)).toEqual(
    approval('captured'),
  );
});

test('tok_capture_fails_2 refuses two captures, then accepts the same key', () => {
  const { ledger, id } = authorised('tok_capture_fails_2');
  const captures = [1, 2, 3].map(() => ledger.capture('c1', id, undefined, false));
  expect(captures).toEqual([refusal('capture_refused'), refusal('capture_refused'), approval('captured')]);
});

test('tok_capture_fails refuses every capture', () => {
  const { ledger, id } = authorised('tok_capture_fails');
  for (let call = 0; call < 5; call += 1) {
    expect(ledger.capture(`c${call}`, id, undefined, false)).toEqual(refusal('capture_refused'));
  }
});

test('refunds never exceed the capture, and are not repeated', () => {
  const { ledger, id } = authorised();
  expect(ledger.refund('r0', id, undefined, false)).toEqual(refusal('not_captured'));
  ledger.capture('c', id, undefined, false);
  const captureId = ledger.find(id)?.captureId ?? '';
  const part = { amount: 1_000, currency: 'EUR' };
  const first = ledger.refund('r1', captureId, part, false);
  expect(ledger.refund('r1', captureId, part, false)).toEqual(first);
  expect(ledger.refund('r2', captureId, part, false)).toEqual(refusal('amount_too_large'));
  expect(ledger.refund('r3', id, undefined, false)).toEqual(approval('refunded'));
  expect(ledger.lines()).toMatchObject([{ captured: 1_999, refunded: 1_999 }]);
});

test('parts are refunded to the last minor unit, and then nothing is left', () => {
  const { ledger, id } = authorised();
  ledger.capture('c', id, undefined, false);
  const refundOf = (key: string, part: number) =>
    ledger.refund(key, id, { amount: part, currency: 'EUR' }, false);
  const parts = [667, 666, 666];
  for (const [n, part] of parts.entries())
    expect([refundOf(`r${n}`, part), refundOf(`r${n}`, part)]).toEqual(Array(2).fill(approval('refunded')));
  expect(refundOf('r4', 1)).toEqual(refusal('amount_too_large'));
  expect(refundOf('r0', 666)).toEqual(refusal('idempotency_key_reused'));
  expect(ledger.lines()).toMatchObject([{ captured: 1_999, refunded: 1_999 }]);
});

test('a refund in another currency is rejected', () => {
  const { ledger, id } = authorised();
  ledger.capture('c', id, undefined, false);
  expect(ledger.refund('r', id, { amount: 1, currency: 'JPY' }, false)).toEqual(refusal('amount_too_large'));
});

test('tok_refund_fails_2 refuses two refunds, then accepts the same key', () => {
  const { ledger, id } = authorised('tok_refund_fails_2');
  ledger.capture('c', id, undefined, false);
  const refunds = [1, 2, 3].map(() => ledger.refund('r', id, undefined, false));
  expect(refunds).toEqual([refusal('refund_refused'), refusal('refund_refused'), approval('refunded')]);
});

test('a void is repeatable, and impossible after the capture', () => {
  const { ledger, id } = authorised();
  expect([ledger.void(id, false), ledger.void(id, false)]).toEqual([approval('voided'), approval('voided')]);
  expect(ledger.capture('c', id, undefined, false)).toEqual(refusal('authorisation_voided'));
  expect(ledger.lines()).toMatchObject([{ status: 'voided', held: 0, voided: 1_999 }]);
  const other = authorised();
  other.ledger.capture('c', other.id, undefined, false);
  expect(other.ledger.void(other.id, false)).toEqual(refusal('already_captured'));
  expect(other.ledger.voidByKey('key-a', false)).toEqual(refusal('already_captured'));
});

test('a void by key finds the authorisation', () => {
  const { ledger } = authorised();
  expect(ledger.voidByKey('key-a', false)).toEqual(approval('voided'));
  expect(ledger.lines()).toMatchObject([{ status: 'voided' }]);
});

test('a void of an unknown key declines a later authorisation', () => {
  const { ledger } = newLedger();
  expect(ledger.voidByKey('key-a', false)).toEqual(approval('voided'));
  const late = ledger.authorise('key-a', order(), false);
  expect(late).toMatchObject({ status: 201, body: { status: 'declined', reason: 'voided' } });
  expect(ledger.authorise('key-a', order(), false)).toEqual(late);
  expect(ledger.lines()).toMatchObject([{ authorised: 0, held: 0 }]);
});

test('a refusal changes nothing, except that an authorisation is declined permanently', () => {
  const { ledger, id } = authorised();
  expect(ledger.void(id, true)).toEqual(refusal('void_refused'));
  expect(ledger.voidByKey('key-a', true)).toEqual(refusal('void_refused'));
  expect(ledger.capture('c', id, undefined, true)).toEqual(refusal('capture_refused'));
  expect(ledger.capture('c', id, undefined, false)).toEqual(approval('captured'));
  expect(ledger.refund('r', id, undefined, true)).toEqual(refusal('refund_refused'));
  expect(ledger.refund('r', id, undefined, false)).toEqual(approval('refunded'));
  const declined = ledger.authorise('key-x', order(), true);
  expect(declined).toEqual(approval('declined'));
  expect(ledger.authorise('key-x', order(), false)).toEqual(declined);
});
