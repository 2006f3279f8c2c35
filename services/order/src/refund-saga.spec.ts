import { type SendEffect, send } from '@emporium/bus';
import {
  paymentRefundDeclined,
  paymentRefunded,
  refundPayment,
  returnStock,
  stockReturned,
} from '@emporium/contracts';
import { given as givenSaga, isFinal, replied, type SagaInput, start } from '@emporium/saga';
import { describe, expect, test } from 'vitest';
import { createRefundSaga, type RefundSubject } from './refund-saga.ts';

const orderId = '019b0000-0000-7000-8000-000000000001';
const refundId = '019b0000-0000-7000-8000-000000000002';
const amount = { amount: 1_250, currency: 'EUR' };
const lines = [{ sku: 'MUG-1', quantity: 1 }];
const subject: RefundSubject = { orderId, refundId, amount, lines, restock: true };

const refundSaga = createRefundSaga({ stepMs: 30_000, attempts: 3, retryDelayMs: 1_000 });
const given = (...history: readonly SagaInput[]) => givenSaga(refundSaga, refundId, subject, ...history);
const withoutRestock = (...history: readonly SagaInput[]) =>
  givenSaga(refundSaga, refundId, { ...subject, restock: false }, ...history);

const refunded = replied(paymentRefunded, { orderId, refundId, amount }, `${refundId}/refund/1`);
const declined = (attempt: number) =>
  replied(
    paymentRefundDeclined,
    { orderId, refundId, reason: 'refund_refused' },
    `${refundId}/refund/${attempt}`,
  );
const returned = replied(stockReturned, { orderId, refundId }, `${refundId}/return/1`);
const deadline: SagaInput = { kind: 'deadline' };
const resume: SagaInput = { kind: 'retry' };
const refundCommand = (attempt: number) =>
  send(refundPayment, { orderId, refundId, amount }, { stepId: `${refundId}/refund/${attempt}` });
const returnCommand = send(returnStock, { orderId, refundId, lines }, { stepId: `${refundId}/return/1` });

describe('a refund', () => {
  test('begins with the money, by a command that does not expire', () => {
    const { effects } = start(refundSaga, refundId, subject, new Date());
    expect(effects).toEqual([refundCommand(1)]);
  });

  test('returns the pieces when the money is refunded, and is completed after that', () => {
    given().when(refunded).then(returnCommand);
    const last = given(refunded).when(returned);
    last.then();
    last.facts({ fact: 'step-done', step: 'return' }, { fact: 'completed' });
    expect(isFinal(last.state())).toBe(true);
  });

  test('is completed with the money where no pieces come back', () => {
    const last = withoutRestock().when(refunded);
    last.then();
    last.facts({ fact: 'step-done', step: 'refund' }, { fact: 'completed' });
  });

  test('that is declined is requested again as a new attempt, after delays that double', () => {
    expect(given().when(declined(1)).state().deadline).toBe('2026-01-01T00:00:01.000Z');
    given(declined(1)).when(deadline).then(refundCommand(2));
    expect(given(declined(1), deadline).when(declined(2)).state().deadline).toBe('2026-01-01T00:00:03.000Z');
  });

  test('that keeps being declined is parked, and goes on when a person resumes it', () => {
    const history = [declined(1), deadline, declined(2), deadline];
    given(...history)
      .when(declined(3))
      .facts(
        { fact: 'step-refused', step: 'refund', reason: 'refund_refused' },
        { fact: 'parked', step: 'refund', reason: 'refund_refused' },
      );
    given(...history, declined(3))
      .when(resume)
      .then(refundCommand(4));
    given(...history, declined(3), resume)
      .when(refunded)
      .then(returnCommand);
  });

  test('without a reply is requested again as the same attempt, then parked', () => {
    given().when(deadline).then(refundCommand(1));
    given(deadline, deadline)
      .when(deadline)
      .facts({ fact: 'parked', step: 'refund', reason: 'no reply to 3 commands' });
    given(refunded, deadline, deadline)
      .when(deadline)
      .facts({ fact: 'parked', step: 'return', reason: 'no reply to 3 commands' });
  });

  test('that is parked goes on without a person when its reply is late', () =>
    given(deadline, deadline, deadline)
      .when(refunded)
      .facts({ fact: 'resumed' }, { fact: 'step-done', step: 'refund' }));

  test('ignores the refusal of an earlier attempt, and repeated replies', () => {
    given(declined(1), deadline).when(declined(1)).isIgnored('an earlier attempt of refund');
    given(refunded).when(refunded).isIgnored('refund is done');
    given(refunded).when(declined(1)).isIgnored('refund is done');
    given(refunded, returned).when(returned).isIgnored('return is done');
  });

  test('cannot be cancelled', () =>
    given()
      .when({ kind: 'cancel', reason: { code: 'customer-request', text: 'no' } })
      .isIgnored('the saga only goes forward'));

  test('sends every command in its newest version', () => {
    const effects = given(declined(1)).when(deadline).effects() as SendEffect[];
    expect(effects.map(({ contract }) => contract.type)).toEqual(['payment.refund.v3']);
  });
});
