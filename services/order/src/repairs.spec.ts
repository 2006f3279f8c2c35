import { send } from '@emporium/bus';
import {
  cancelRefund,
  capturePayment,
  commitReservation,
  paymentAuthorised,
  paymentCaptured,
  paymentRefunded,
  paymentVoided,
  refundPayment,
  releaseStock,
  returnStock,
  shipmentCancelled,
  shipmentDispatched,
  shipmentFailed,
  stockCommitted,
  stockReleased,
  stockReserved,
  stockReturned,
  voidPayment,
} from '@emporium/contracts';
import { given as givenSaga, isFinal, replied, type SagaInput } from '@emporium/saga';
import { describe, expect, test } from 'vitest';
import { createFulfilment, type Fulfilment } from './fulfilment.ts';
import { createRefundSaga } from './refund-saga.ts';

const orderId = '019b0000-0000-7000-8000-000000000001';
const lines = [{ sku: 'MUG-1', quantity: 2 }];
const total = { amount: 2_500, currency: 'EUR' };
const order: Fulfilment = { orderId, customerId: orderId, lines, total, paymentToken: 'tok_ok' };
const options = { stepMs: 30_000, attempts: 1, retryDelayMs: 1_000 }; // parked when the first command has no reply
const fulfilment = createFulfilment({ ...options, dispatchMs: 60_000 });
const given = (...history: readonly SagaInput[]) => givenSaga(fulfilment, orderId, order, ...history);

const deadline: SagaInput = { kind: 'deadline' };
const retry: SagaInput = { kind: 'retry' };
const compensate: SagaInput = { kind: 'compensate' };
const resolve: SagaInput = { kind: 'resolve', outcome: 'done' };
const abandon: SagaInput = { kind: 'resolve', outcome: 'abandoned' };
const stepId = (name: string) => `${orderId}/${name}`;
const reserved = replied(stockReserved, { orderId }, stepId('reserve/1'));
const authorised = replied(paymentAuthorised, { orderId, total }, stepId('authorise/1'));
const shipment = { orderId, customerId: orderId, shipmentId: orderId, trackingNumber: 'T1' };
const dispatched = replied(shipmentDispatched, shipment, stepId('dispatch/1'));
const failed = replied(shipmentFailed, { orderId, reason: 'no' }, stepId('dispatch/1'));
const stopped = replied(shipmentCancelled, { orderId }, stepId('dispatch/stop'));
const committed = replied(stockCommitted, { orderId }, stepId('commit/1'));
const captured = replied(paymentCaptured, { orderId, total }, stepId('capture/1'));
const voided = replied(paymentVoided, { orderId }, stepId('authorise/undo'));
const released = replied(stockReleased, { orderId }, stepId('reserve/undo'));
const release = send(releaseStock, { orderId }, { stepId: stepId('reserve/undo') });
const voidIt = send(voidPayment, { orderId }, { stepId: stepId('authorise/undo') });

const atCommit = [reserved, authorised, dispatched, deadline];
const atCapture = [reserved, authorised, dispatched, committed, deadline];
const atVoid = [reserved, authorised, failed, deadline];
const atRelease = [reserved, authorised, failed, voided, deadline];
const atCancel = [reserved, authorised, deadline, deadline];

describe('an order that is parked after its dispatch', () => {
  test('is resolved at the capture: the hold is voided, and the order completed', () => {
    const moved = given(...atCapture).when(resolve);
    moved.then(send(voidPayment, { orderId }, { stepId: stepId('capture/withdraw') }));
    moved.facts({ fact: 'resumed' }, { fact: 'step-done-by-hand', step: 'capture' }, { fact: 'completed' });
    expect(isFinal(moved.state())).toBe(true);
  });

  test('ignores that the hold was voided, and that the capture was refused afterwards', () => {
    given(...atCapture, resolve)
      .when(voided)
      .isIgnored('authorise is done');
  });

  test('is parked again when it was captured as well, once, until that is resolved', () => {
    const moved = given(...atCapture, resolve).when(captured);
    moved.then();
    moved.facts(
      { fact: 'step-done', step: 'capture' },
      {
        fact: 'parked',
        step: 'capture',
        reason: 'capture succeeded although a person had done it by hand',
      },
    );
    given(...atCapture, resolve, captured)
      .when(captured)
      .isIgnored('capture is done');
    const resolved = given(...atCapture, resolve, captured).when(resolve);
    resolved.facts({ fact: 'resumed' });
    expect(isFinal(resolved.state())).toBe(true);
    given(...atCapture, resolve, captured, resolve)
      .when(captured)
      .isIgnored('capture is done');
  });

  test('is resolved at the commit, and a late reply is only recorded', () => {
    given(...atCommit)
      .when(resolve)
      .then(send(capturePayment, { orderId }, { stepId: stepId('capture/1') }));
    const late = given(...atCommit, resolve).when(committed);
    late.then();
    late.facts({ fact: 'step-done', step: 'commit' });
    expect(late.state().deadline).toBeDefined(); // of the capture
    given(...atCommit, resolve, captured)
      .when(committed)
      .facts({ fact: 'step-done', step: 'commit' });
  });

  test('is retried, and neither compensated nor abandoned', () => {
    given(...atCommit)
      .when(retry)
      .then(send(commitReservation, { orderId }, { stepId: stepId('commit/1') }));
    given(...atCommit)
      .when(compensate)
      .isIgnored('dispatch has happened, and after it the saga only goes forward');
    given(...atCommit)
      .when(abandon)
      .isIgnored('only a saga without a pivot can be abandoned');
  });
});

describe('an order that is parked while it compensates', () => {
  test('is resolved: the next compensation follows, or it is cancelled', () => {
    given(...atVoid)
      .when(resolve)
      .then(release);
    const last = given(...atRelease).when(resolve);
    last.then();
    last.facts(
      { fact: 'resumed' },
      { fact: 'step-undone-by-hand', step: 'reserve' },
      { fact: 'cancelled', reason: { code: 'shipping-failed', text: 'no' } },
    );
    expect(isFinal(last.state())).toBe(true);
  });

  test('ignores a late reply to the compensation, and compensates a late success again', () => {
    given(...atVoid, resolve)
      .when(voided)
      .isIgnored('authorise is undone');
    given(...atRelease, resolve)
      .when(reserved)
      .then(release);
  });

  test('is retried, and not compensated once more', () => {
    given(...atVoid)
      .when(retry)
      .then(voidIt);
    given(...atVoid)
      .when(compensate)
      .isIgnored('the saga compensates already: retry or resolve the compensation of authorise');
  });
});

describe('an order that is parked because the cancellation of its dispatch has no reply', () => {
  test('is compensated, as if the dispatch had been cancelled', () => {
    const moved = given(...atCancel).when(compensate);
    moved.then(voidIt);
    moved.facts(
      { fact: 'resumed' },
      { fact: 'step-undone-by-hand', step: 'dispatch' },
      { fact: 'compensating', reason: { code: 'timed-out', text: 'dispatch took too long' } },
    );
    given(...atCancel, compensate)
      .when(stopped)
      .isIgnored('the saga is compensating');
  });

  test('is parked when it was dispatched after all, and cannot be compensated again', () => {
    const overtaken = [...atCancel, compensate, dispatched, voided, released];
    expect(
      given(...overtaken.slice(0, -1))
        .when(released)
        .state().parked,
    ).toEqual({ step: 'dispatch', reason: 'dispatch succeeded although it was cancelled' });
    given(...overtaken)
      .when(compensate)
      .isIgnored('everything else is compensated already: resolve the saga instead');
    given(...overtaken)
      .when(retry)
      .isIgnored('no command is pending: resolve the saga instead');
    expect(
      isFinal(
        given(...overtaken)
          .when(resolve)
          .state(),
      ),
    ).toBe(true);
  });

  test('compensates a late success before it is parked at the dispatch again', () => {
    const overtaken = [...atCancel, compensate, dispatched, voided, released];
    const late = given(...overtaken).when(authorised);
    late.then(voidIt);
    late.facts({ fact: 'resumed' });
    expect(late.state().parked).toBeUndefined();
    given(...overtaken, authorised)
      .when(resolve)
      .isIgnored('the saga is compensating, not parked');
    given(...overtaken, authorised)
      .when(voided)
      .facts(
        { fact: 'step-undone', step: 'authorise' },
        { fact: 'parked', step: 'dispatch', reason: 'dispatch succeeded although it was cancelled' },
      );
  });

  test('stays parked at a compensation when it was dispatched after all', () => {
    const moved = given(...atCancel, compensate, deadline).when(dispatched);
    moved.facts({ fact: 'step-done', step: 'dispatch' });
    expect(moved.state()).toMatchObject({ parked: { step: 'authorise' } });
    expect(moved.state().deadline).toBeUndefined();
    given(...atCancel, compensate, deadline, dispatched)
      .when(resolve)
      .then(release);
  });

  test('is resolved when it was shipped: it goes forward, and the late reply is only recorded', () => {
    given(...atCancel)
      .when(resolve)
      .then(send(commitReservation, { orderId }, { stepId: stepId('commit/1') }));
    const late = given(...atCancel, resolve).when(dispatched);
    late.then();
    late.facts({ fact: 'step-done', step: 'dispatch' });
  });

  test('is parked in the end when it was cancelled although a person had seen it shipped', () => {
    const contradicted = given(...atCancel, resolve).when(stopped);
    contradicted.then();
    contradicted.facts({ fact: 'step-undone', step: 'dispatch' });
    expect(contradicted.state().deadline).toBeDefined(); // of the commit
    given(...atCancel, resolve, stopped)
      .when(stopped)
      .isIgnored('the saga is running');
    const completed = given(...atCancel, resolve, stopped, committed).when(captured);
    const reason = 'dispatch was cancelled although a person had done it by hand';
    const parked = { fact: 'parked', step: 'dispatch', reason } as const;
    completed.facts({ fact: 'step-done', step: 'capture' }, { fact: 'completed' }, parked);
    expect(completed.state().deadline).toBeUndefined();
    given(...atCancel, resolve, committed, captured)
      .when(stopped)
      .facts({ fact: 'step-undone', step: 'dispatch' }, parked);
    const history = [...atCancel, resolve, committed, captured, stopped];
    given(...history)
      .when(retry)
      .isIgnored('no command is pending: resolve the saga instead');
    const resolved = given(...history).when(resolve);
    resolved.facts({ fact: 'resumed' });
    expect(isFinal(resolved.state())).toBe(true);
    given(...history, resolve)
      .when(stopped)
      .isIgnored('the saga is completed');
  });

  test('is not parked for a cancellation that a dispatch has overtaken', () => {
    given(...atCancel, resolve, dispatched)
      .when(stopped)
      .isIgnored('the saga is running');
    given(reserved, authorised, dispatched).when(stopped).isIgnored('the saga is running');
  });
});

test('no action is possible while nobody is waited for', () => {
  for (const action of [retry, compensate, resolve]) {
    given().when(action).isIgnored('the saga is running, not parked');
    given(reserved, authorised, dispatched, committed, captured)
      .when(action)
      .isIgnored('the saga is completed, not parked');
    given(reserved, authorised, failed, voided, released)
      .when(action)
      .isIgnored('the saga is cancelled, not parked');
    given(reserved, authorised, deadline).when(action).isIgnored('the saga is cancelling, not parked');
  }
});

describe('a parked refund', () => {
  const refundId = '019b0000-0000-7000-8000-000000000002';
  const refundSaga = createRefundSaga(options);
  const subject = { orderId, refundId, amount: total, lines, restock: true };
  const givenRefund = (...history: readonly SagaInput[]) =>
    givenSaga(refundSaga, refundId, subject, ...history);
  const refunded = replied(paymentRefunded, { orderId, refundId, amount: total }, `${refundId}/refund/1`);
  const returned = replied(stockReturned, { orderId, refundId }, `${refundId}/return/1`);
  const returnIt = send(returnStock, { orderId, refundId, lines }, { stepId: `${refundId}/return/1` });

  const withdrawIt = send(cancelRefund, { orderId, refundId }, { stepId: `${refundId}/refund/withdraw` });

  test('is retried, and cannot be compensated', () => {
    givenRefund(deadline)
      .when(retry)
      .then(send(refundPayment, { orderId, refundId, amount: total }, { stepId: `${refundId}/refund/1` }));
    givenRefund(deadline).when(compensate).isIgnored('the saga only goes forward');
  });

  test('that was paid by hand still returns the pieces, and is parked when it is paid twice', () => {
    givenRefund(deadline).when(resolve).then(withdrawIt, returnIt);
    const twice = givenRefund(deadline, resolve).when(refunded);
    twice.facts({ fact: 'step-done', step: 'refund' }); // the pieces first
    const last = givenRefund(deadline, resolve, refunded).when(returned);
    last.facts(
      { fact: 'step-done', step: 'return' },
      { fact: 'completed' },
      { fact: 'parked', step: 'refund', reason: 'refund succeeded although a person had done it by hand' },
    );
  });

  test('that is abandoned has ended, and continues when it is paid after all', () => {
    const abandoned = givenRefund(deadline).when(abandon);
    abandoned.then(withdrawIt);
    abandoned.facts({ fact: 'resumed' }, { fact: 'abandoned', step: 'refund' });
    expect(isFinal(abandoned.state())).toBe(true);
    givenRefund(deadline, abandon).when(retry).isIgnored('the saga is cancelled, not parked');
    const paid = givenRefund(deadline, abandon).when(refunded);
    paid.then(returnIt);
    paid.facts({ fact: 'resumed' }, { fact: 'step-done', step: 'refund' });
  });

  test('whose money was paid cannot be abandoned', () =>
    givenRefund(refunded, deadline)
      .when(abandon)
      .isIgnored('refund has happened: the saga can no longer be abandoned'));
});
