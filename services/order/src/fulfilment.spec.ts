import { type SendEffect, send } from '@emporium/bus';
import {
  authorisePayment,
  cancelShipment,
  capturePayment,
  commitReservation,
  dispatchOrder,
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentVoided,
  quick,
  releaseStock,
  reserveStock,
  shipmentCancelled,
  shipmentDispatched,
  shipmentFailed,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
  voidPayment,
} from '@emporium/contracts';
import { given as givenSaga, isFinal, replied, type SagaInput, start } from '@emporium/saga';
import { describe, expect, test } from 'vitest';
import { createFulfilment, type Fulfilment } from './fulfilment.ts';

const orderId = '019b0000-0000-7000-8000-000000000001';
const customerId = '019b0000-0000-7000-8000-000000000002';
const shipmentId = '019b0000-0000-7000-8000-000000000003';
const lines = [{ sku: 'MUG-1', quantity: 2 }];
const total = { amount: 2_500, currency: 'EUR' };
const order: Fulfilment = { orderId, customerId, lines, total, paymentToken: 'tok_ok' };

const fulfilment = createFulfilment({ stepMs: 30_000, dispatchMs: 60_000, attempts: 3, retryDelayMs: 1_000 });
const given = (...history: readonly SagaInput[]) => givenSaga(fulfilment, orderId, order, ...history);

const stepId = (name: string) => `${orderId}/${name}`;
const reserved = replied(stockReserved, { orderId }, stepId('reserve/1'));
const authorised = replied(paymentAuthorised, { orderId, total }, stepId('authorise/1'));
const dispatched = replied(
  shipmentDispatched,
  { orderId, customerId, shipmentId, trackingNumber: 'T1' },
  stepId('dispatch/1'),
);
const committed = replied(stockCommitted, { orderId }, stepId('commit/1'));
const captured = replied(paymentCaptured, { orderId, total }, stepId('capture/1'));
const captureFailed = (attempt: number) =>
  replied(paymentCaptureFailed, { orderId, reason: 'refused' }, stepId(`capture/${attempt}`));
const declined = replied(paymentDeclined, { orderId, reason: 'card_declined' }, stepId('authorise/1'));
const voided = replied(paymentVoided, { orderId }, stepId('authorise/undo'));
const released = replied(stockReleased, { orderId }, stepId('reserve/undo'));
const failed = replied(shipmentFailed, { orderId, reason: 'address not served' }, stepId('dispatch/1'));
const stopped = replied(shipmentCancelled, { orderId }, stepId('dispatch/stop'));
const deadline: SagaInput = { kind: 'deadline' };
const cancel: SagaInput = { kind: 'cancel', reason: { code: 'customer-request', text: 'changed my mind' } };

const release = send(releaseStock, { orderId }, { stepId: stepId('reserve/undo') });
const voidIt = send(voidPayment, { orderId }, { stepId: stepId('authorise/undo') });
const stopIt = send(cancelShipment, { orderId }, { stepId: stepId('dispatch/stop') });
const capture = (attempt: number) =>
  send(capturePayment, { orderId }, { stepId: stepId(`capture/${attempt}`) });

describe('forward', () => {
  test('authorises the payment when the stock is reserved', () =>
    given()
      .when(reserved)
      .then(
        send(authorisePayment, { orderId, total, paymentToken: 'tok_ok' }, { stepId: stepId('authorise/1') }),
      ));

  test('dispatches the order when the payment is authorised', () =>
    given(reserved)
      .when(authorised)
      .then(send(dispatchOrder, { orderId, customerId, lines }, { stepId: stepId('dispatch/1') })));

  test('commits the stock when the order is dispatched, with a command that does not expire', () => {
    const [effect] = given(reserved, authorised).when(dispatched).effects() as SendEffect[];
    expect(effect).toEqual(send(commitReservation, { orderId }, { stepId: stepId('commit/1') }));
  });

  test('commands before the pivot expire at their deadline', () => {
    const [effect] = given().when(reserved).effects() as SendEffect[];
    expect(effect?.options?.expiry).toEqual(new Date('2026-01-01T00:00:30.000Z'));
  });

  test('captures the payment when the stock is committed', () =>
    given(reserved, authorised, dispatched).when(committed).then(capture(1)));

  test('completes the order when the payment is captured', () => {
    const moved = given(reserved, authorised, dispatched, committed).when(captured);
    moved.then();
    moved.facts({ fact: 'step-done', step: 'capture' }, { fact: 'completed' });
    expect(isFinal(moved.state())).toBe(true);
  });
});

describe('compensation', () => {
  test('rejected stock cancels the order at once: there is nothing to compensate', () => {
    const moved = given().when(
      replied(
        stockRejected,
        { orderId, reason: 'out-of-stock', missing: [{ sku: 'MUG-1', requested: 2, available: 1 }] },
        stepId('reserve/1'),
      ),
    );
    moved.then();
    expect(moved.state()).toMatchObject({ phase: 'cancelled', reason: { code: 'out-of-stock' } });
  });

  test('the reason is readable and not too long for the contract, however much is missing', () => {
    const missing = Array.from({ length: 100 }, (_, n) => ({
      sku: `A-PRODUCT-WITH-THE-LONGEST-NAME-OF-ALL-${String(n).padStart(2, '0')}`.slice(0, 40),
      requested: 10_000,
      available: 9_999,
    }));
    const rejected = { orderId, reason: 'out-of-stock', missing } as const;
    const text =
      given()
        .when(replied(stockRejected, rejected, stepId('reserve/1')))
        .state().reason?.text ?? '';
    expect(text.length).toBeLessThan(500);
    expect(text).toMatch(/^A-PRODUCT-WITH.*: 10000 wanted, 9999 left; .*; and 95 more$/);
  });

  test('a declined payment releases the stock before the order is cancelled', () => {
    given(reserved).when(declined).then(release);
    expect(given(reserved, declined).when(released).state().phase).toBe('cancelled');
  });

  test('a failed dispatch voids the payment, releases the stock, and then cancels the order', () => {
    given(reserved, authorised).when(failed).then(voidIt);
    given(reserved, authorised, failed).when(voided).then(release);
    const last = given(reserved, authorised, failed, voided).when(released);
    last.facts(
      { fact: 'step-undone', step: 'reserve' },
      { fact: 'cancelled', reason: { code: 'shipping-failed', text: 'address not served' } },
    );
    expect(isFinal(last.state())).toBe(true);
  });

  test('a step that timed out is compensated, too, because it may have happened', () =>
    given(reserved).when(deadline).then(voidIt));

  test('a late success after its compensation is compensated again, and the order stays cancelled', () => {
    const late = given(deadline, released).when(reserved);
    late.then(release);
    expect(late.state().phase).toBe('cancelled');
    expect(isFinal(late.state())).toBe(false);
    const settled = given(deadline, released, reserved).when(released).state();
    expect([settled.phase, isFinal(settled)]).toEqual(['cancelled', true]);
  });

  test('a late success during the compensation of its step is ignored', () =>
    given(deadline).when(reserved).isIgnored('reserve is undoing'));

  test('a success after a refusal is compensated, too', () =>
    given(reserved, declined).when(authorised).then(voidIt));

  test('two late successes are both compensated before the saga is final again', () => {
    const state = given(reserved, deadline, voided, released, authorised, reserved).when(voided).state();
    expect([state.phase, isFinal(state)]).toEqual(['cancelled', false]);
    expect(
      isFinal(
        given(reserved, deadline, voided, released, authorised, reserved, voided).when(released).state(),
      ),
    ).toBe(true);
  });

  test('a compensation without a reply is sent again, and finally the order is parked', () => {
    given(reserved, declined).when(deadline).then(release);
    const parked = given(reserved, declined, deadline, deadline).when(deadline);
    parked.then();
    expect(parked.state()).toMatchObject({ phase: 'compensating', parked: { step: 'reserve' } });
    given(reserved, declined, deadline, deadline, deadline).when({ kind: 'retry' }).then(release);
  });

  test('a late reply resumes a parked order', () => {
    const moved = given(reserved, declined, deadline, deadline, deadline).when(released);
    moved.facts(
      { fact: 'resumed' },
      { fact: 'step-undone', step: 'reserve' },
      { fact: 'cancelled', reason: { code: 'payment-declined', text: 'card_declined' } },
    );
  });
});

describe('the pivot', () => {
  test('a dispatch that times out is cancelled, and nothing is compensated before the reply', () =>
    given(reserved, authorised).when(deadline).then(stopIt));

  test('cancelled in time: the order is compensated', () =>
    given(reserved, authorised, deadline).when(stopped).then(voidIt));

  test('dispatched after all: the order continues', () =>
    given(reserved, authorised, deadline)
      .when(dispatched)
      .then(send(commitReservation, { orderId }, { stepId: stepId('commit/1') })));

  test('failed meanwhile: the order is compensated', () =>
    given(reserved, authorised, deadline).when(failed).then(voidIt));

  test('no reply to the cancellation: it is sent again, and finally the order is parked', () => {
    given(reserved, authorised, deadline).when(deadline).then(stopIt);
    const parked = given(reserved, authorised, deadline, deadline, deadline).when(deadline).state();
    expect(parked).toMatchObject({ phase: 'stopping', parked: { step: 'dispatch' } });
  });

  test('failed while the order is parked: the order is resumed and compensated', () => {
    const moved = given(reserved, authorised, deadline, deadline, deadline, deadline).when(failed);
    moved.then(voidIt);
    moved.facts(
      { fact: 'resumed' },
      { fact: 'step-refused', step: 'dispatch', reason: 'address not served' },
      { fact: 'compensating', reason: { code: 'shipping-failed', text: 'address not served' } },
    );
    expect(moved.state().parked).toBeUndefined();
  });

  describe('dispatched although it was cancelled', () => {
    const overtaken = [reserved, authorised, deadline, stopped, dispatched];

    test('the other steps are compensated', () => {
      const moved = given(reserved, authorised, deadline, stopped).when(dispatched);
      moved.then();
      moved.facts({ fact: 'step-done', step: 'dispatch' });
      given(...overtaken)
        .when(voided)
        .then(release);
    });

    test('then the order is parked', () => {
      const moved = given(...overtaken, voided).when(released);
      moved.facts(
        { fact: 'step-undone', step: 'reserve' },
        { fact: 'cancelled', reason: { code: 'timed-out', text: 'dispatch took too long' } },
        { fact: 'parked', step: 'dispatch', reason: 'dispatch succeeded although it was cancelled' },
      );
      expect(isFinal(moved.state())).toBe(false);
    });

    test('also when the order was cancelled before', () => {
      const late = given(reserved, authorised, deadline, stopped, voided, released).when(dispatched);
      late.facts(
        { fact: 'step-done', step: 'dispatch' },
        { fact: 'parked', step: 'dispatch', reason: 'dispatch succeeded although it was cancelled' },
      );
    });

    test('a person resolves it, and the order is final', () => {
      const resumed = given(...overtaken, voided, released).when({ kind: 'resolve', outcome: 'done' });
      resumed.then();
      resumed.facts({ fact: 'resumed' }, { fact: 'step-undone-by-hand', step: 'dispatch' });
      expect(isFinal(resumed.state())).toBe(true);
    });
  });
});

describe('after the pivot', () => {
  const shipped = [reserved, authorised, dispatched, committed];

  test('a refused capture is retried after a delay, as a new attempt', () => {
    given(...shipped)
      .when(captureFailed(1))
      .then();
    given(...shipped, captureFailed(1))
      .when(deadline)
      .then(capture(2));
  });

  test('a capture without a reply is sent again as the same attempt, so that nothing is captured twice', () =>
    given(...shipped)
      .when(deadline)
      .then(capture(1)));

  test('the refusal of an earlier attempt is ignored', () =>
    given(...shipped, captureFailed(1), deadline)
      .when(captureFailed(1))
      .isIgnored('an earlier attempt of capture'));

  test('refused three times: the order is parked, and can be resumed', () => {
    const history = [...shipped, captureFailed(1), deadline, captureFailed(2), deadline];
    expect(
      given(...history)
        .when(captureFailed(3))
        .state().parked,
    ).toEqual({ step: 'capture', reason: 'refused' });
    given(...history, captureFailed(3))
      .when({ kind: 'retry' })
      .then(capture(4));
  });

  test('the delay between two attempts doubles, up to five minutes', () => {
    const patient = createFulfilment({ stepMs: 1, dispatchMs: 1, attempts: 100, retryDelayMs: 1_000 });
    const refusedBefore = (times: number) =>
      Array.from({ length: times }, (_, n) => [captureFailed(n + 1), deadline]).flat();
    const deadlineAfter = (...history: readonly SagaInput[]) =>
      Date.parse(
        givenSaga(patient, orderId, order, ...history.slice(0, -1))
          .when(history.at(-1) ?? deadline)
          .state().deadline ?? '',
      );
    const waitAfter = (refusals: number) => {
      const asked = [...shipped, ...refusedBefore(refusals - 1)];
      return deadlineAfter(...asked, captureFailed(refusals)) - (deadlineAfter(...asked) - 1);
    };
    expect([1, 2, 3, 9, 10, 60, 99].map(waitAfter)).toEqual([
      1_000, 2_000, 4_000, 256_000, 300_000, 300_000, 300_000,
    ]);
  });

  test('it is too late to cancel', () =>
    given(reserved, authorised).when(cancel).isIgnored('the command of the pivot was sent'));
});

describe('a customer cancels', () => {
  test('before the reply about the stock: the reservation is compensated, whether it happened or not', () =>
    given().when(cancel).then(release));

  test('before the reply about the payment: first the payment is compensated, then the stock', () => {
    given(reserved).when(cancel).then(voidIt);
    given(reserved, cancel).when(voided).then(release);
  });

  test('the reply that was on its way is ignored', () =>
    given(reserved, cancel).when(authorised).isIgnored('authorise is undoing'));

  test('a second cancellation is ignored', () =>
    given(reserved, cancel).when(cancel).isIgnored('the saga is compensating'));
});

test('a repeated reply changes nothing', () => {
  const history = [reserved, authorised, dispatched, committed, captured];
  const steps = ['reserve', 'authorise', 'dispatch', 'commit', 'capture'];
  for (const [index, reply] of history.entries())
    given(...history.slice(0, index + 1))
      .when(reply)
      .isIgnored(`${steps[index]} is done`);
});

test('a participant gives up before the saga does', () => {
  const worst = Array.from({ length: quick.attempts - 1 }, (_, n) =>
    Math.min(quick.maxDelayMs, quick.firstDelayMs * 2 ** n),
  );
  expect(worst.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(30_000);
});

test('a placed order first reserves its stock', () => {
  const { effects, state } = start(fulfilment, orderId, order, new Date('2026-01-01T00:00:00.000Z'));
  expect(effects).toEqual([
    send(
      reserveStock,
      { orderId, lines },
      { stepId: stepId('reserve/1'), expiry: new Date('2026-01-01T00:00:30.000Z') },
    ),
  ]);
  expect(state.deadline).toBe('2026-01-01T00:00:30.000Z');
});
