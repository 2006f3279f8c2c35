import { type SendEffect, send } from '@emporium/bus';
import {
  paymentRefundDeclined,
  paymentRefunded,
  refundPayment,
  returnStock,
  stockReturned,
} from '@emporium/contracts';
import { describe, expect, test } from 'vitest';
import { pivot, saga, step } from './definition.ts';
import type { SagaInput } from './inputs.ts';
import { isFinal } from './state.ts';
import { given as givenSaga, replied } from './test-kit.ts';

interface Subject {
  readonly orderId: string;
  readonly refundId: string;
  readonly amount: { readonly amount: number; readonly currency: string };
  readonly comesBack: boolean;
}

const orderId = '019b0000-0000-7000-8000-000000000001';
const refundId = '019b0000-0000-7000-8000-000000000002';
const amount = { amount: 500, currency: 'EUR' };
const lines = [{ sku: 'MUG-1', quantity: 1 }];

const refund = step('refund', {
  command: (of: Subject) =>
    send(refundPayment, { orderId: of.orderId, refundId: of.refundId, amount: of.amount }),
  success: paymentRefunded,
  failure: paymentRefundDeclined,
  reason: ({ reason }) => ({ code: 'declined', text: reason }),
  timeoutMs: 1_000,
});
const giveBack = step('return', {
  when: (of: Subject) => of.comesBack,
  command: (of: Subject) => send(returnStock, { orderId: of.orderId, refundId: of.refundId, lines }),
  success: stockReturned,
  timeoutMs: 1_000,
});
const forward = saga('forward', {
  steps: [refund, giveBack],
  idOf: (data) => String(data['refundId']),
  attempts: 2,
  retryDelayMs: 100,
});

const given = (comesBack: boolean, ...history: readonly SagaInput[]) =>
  givenSaga(forward, refundId, { orderId, refundId, amount, comesBack }, ...history);
const refunded = replied(paymentRefunded, { orderId, refundId, amount }, `${refundId}/refund/1`);
const returned = replied(stockReturned, { orderId, refundId }, `${refundId}/return/1`);
const declined = (attempt: number) =>
  replied(paymentRefundDeclined, { orderId, refundId, reason: 'no' }, `${refundId}/refund/${attempt}`);
const deadline: SagaInput = { kind: 'deadline' };
const refundCommand = (attempt: number) =>
  send(refundPayment, { orderId, refundId, amount }, { stepId: `${refundId}/refund/${attempt}` });

describe('a saga without a pivot', () => {
  test('goes forward step by step', () => {
    given(true)
      .when(refunded)
      .then(send(returnStock, { orderId, refundId, lines }, { stepId: `${refundId}/return/1` }));
    expect(isFinal(given(true, refunded).when(returned).state())).toBe(true);
  });

  test('leaves out a step that its subject does not need', () => {
    const last = given(false).when(refunded);
    last.then();
    last.facts({ fact: 'step-done', step: 'refund' }, { fact: 'completed' });
    expect(isFinal(last.state())).toBe(true);
  });

  test('sends commands that do not expire', () => {
    const [resent] = given(true).when(deadline).effects() as SendEffect[];
    expect(resent).toEqual(refundCommand(1));
  });

  test('sends a refused command again as a new attempt, then parks, and continues when it is resumed', () => {
    given(true, declined(1)).when(deadline).then(refundCommand(2));
    const parked = given(true, declined(1), deadline).when(declined(2));
    parked.then();
    parked.facts(
      { fact: 'step-refused', step: 'refund', reason: 'no' },
      { fact: 'parked', step: 'refund', reason: 'no' },
    );
    expect(isFinal(parked.state())).toBe(false);
    given(true, declined(1), deadline, declined(2)).when({ kind: 'retry' }).then(refundCommand(3));
  });

  test('is parked when no reply comes', () => {
    given(true, deadline)
      .when(deadline)
      .facts({ fact: 'parked', step: 'refund', reason: 'no reply to 2 commands' });
  });

  test('continues without a person when a reply to an earlier attempt comes', () => {
    given(false, declined(1), deadline, declined(2))
      .when(refunded)
      .facts({ fact: 'resumed' }, { fact: 'step-done', step: 'refund' }, { fact: 'completed' });
  });

  test('cannot be cancelled', () => {
    given(true)
      .when({ kind: 'cancel', reason: { code: 'c', text: 't' } })
      .isIgnored('the saga only goes forward');
    given(true, refunded)
      .when({ kind: 'cancel', reason: { code: 'c', text: 't' } })
      .isIgnored('the saga only goes forward');
  });

  test('ignores replies after its end', () => {
    given(false, refunded).when(refunded).isIgnored('refund is done');
    given(false, refunded).when(declined(1)).isIgnored('the saga is completed');
  });
});

test('a saga has at most one pivot', () => {
  const cancellation = { cancel: refund.command, cancelled: stockReturned };
  const pivots = [pivot(refund, cancellation), pivot(giveBack, cancellation)];
  expect(() => saga('two', { steps: pivots, idOf: String })).toThrow(
    'must have at most one pivot, and has 2',
  );
});
