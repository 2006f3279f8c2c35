import type { Contract } from '@emporium/contracts';
import {
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentRefunded,
  paymentVoided,
  shipmentDispatched,
  shipmentFailed,
  stockCommitted,
  stockReleased,
  stockReserved,
} from '@emporium/contracts';
import { describe, expect, test } from 'vitest';
import { forwardOnly, id, withPivot } from '../test/sample.ts';
import type { SagaDefinition } from './definition.ts';
import { explain } from './explanation.ts';
import type { SagaInput } from './inputs.ts';
import { start, transition } from './transition.ts';

const begin = new Date('2026-01-01T00:00:00.000Z');
const deadline: SagaInput = { kind: 'deadline' };
const reply = (contract: Contract, step: string, attempt = 1): SagaInput => ({
  ...{ kind: 'reply', contract, data: {}, stepId: `${id}/${step}/${attempt}` },
});
const reserved = reply(stockReserved, 'reserve');
const authorised = reply(paymentAuthorised, 'authorise');
const dispatched = reply(shipmentDispatched, 'dispatch');
const committed = reply(stockCommitted, 'commit');

/** Explains the saga after these inputs, each of which must change it. */
const explained = (definition: SagaDefinition<null>, inputs: readonly SagaInput[], laterMs = 0) => {
  let { state } = start(definition, id, null, begin);
  let now = begin;
  for (const input of inputs) {
    if (input.kind === 'deadline' && state.deadline !== undefined) now = new Date(state.deadline);
    const result = transition(definition, state, input, now);
    if (result.kind === 'ignored') throw new Error(`${input.kind} was ignored: ${result.reason}`);
    state = result.state;
  }
  return explain(definition, state, new Date(now.getTime() + laterMs));
};
const order = (...inputs: readonly SagaInput[]) => explained(withPivot, inputs);
const statusesOf = ({ steps }: ReturnType<typeof order>) => steps.map(({ status }) => status);
const possible = ({ actions }: ReturnType<typeof order>) =>
  actions.filter(({ isPossible }) => isPossible).map(({ action, outcome }) => outcome ?? action);

describe('a saga is explained', () => {
  test('while it goes forward, before the pivot', () => {
    const found = order(reserved);
    expect(found).toMatchObject({
      status: 'running',
      pending: { step: 'authorise', command: 'command' },
      tries: { made: 1, of: 2 },
      deadline: { at: '2026-01-01T00:00:01.000Z', isOverdue: false, next: 'compensate' },
      compensationOrder: ['authorise', 'reserve'],
    });
    expect(statusesOf(found)).toEqual(['done', 'running', 'remaining', 'remaining', 'remaining']);
    expect(possible(found)).toEqual([]);
    expect(found.actions[0]).toMatchObject({ reason: 'the saga is running, not parked' });
  });

  test('at the pivot, whose deadline sends its cancellation', () =>
    expect(order(reserved, authorised).deadline?.next).toBe('cancel'));

  test('while its deadline has passed and was not handled', () =>
    expect(explained(withPivot, [reserved], 1_000).deadline?.isOverdue).toBe(true));

  test('while the pivot is being cancelled, and when that has no reply', () => {
    const cancelling = order(reserved, authorised, deadline);
    expect(cancelling).toMatchObject({
      status: 'cancelling',
      pending: { step: 'dispatch', command: 'cancel' },
      deadline: { next: 'resend' },
      compensationOrder: ['authorise', 'reserve'],
    });
    expect(statusesOf(cancelling)).toEqual(['done', 'done', 'cancelling', 'remaining', 'remaining']);
    const parked = order(reserved, authorised, deadline, deadline, deadline);
    expect(parked).toMatchObject({
      status: 'parked',
      parked: { step: 'dispatch', reason: 'no reply to 2 commands' },
      tries: { made: 2, of: 2 },
    });
    expect(parked.deadline).toBeUndefined();
    expect(possible(parked)).toEqual(['retry', 'compensate', 'done']);
  });

  test('after the pivot, where nothing would be compensated', () => {
    const refused = order(
      reserved,
      authorised,
      dispatched,
      committed,
      reply(paymentCaptureFailed, 'capture'),
    );
    expect(refused).toMatchObject({
      status: 'running',
      refusal: 'capture was refused',
      deadline: { next: 'resend' },
      compensationOrder: [],
    });
    expect(refused.steps.at(-1)).toEqual({ step: 'capture', status: 'running', attempt: 2, byHand: false });
    const parked = order(reserved, authorised, dispatched, committed, deadline, deadline);
    expect(possible(parked)).toEqual(['retry', 'done']);
  });

  test('while it compensates, and when that has no reply', () => {
    const failed = order(reserved, authorised, reply(shipmentFailed, 'dispatch'));
    expect(failed).toMatchObject({
      status: 'compensating',
      pending: { step: 'authorise', command: 'compensation' },
      compensationOrder: ['reserve'],
      reason: { code: 'dispatch-refused' },
    });
    expect(statusesOf(failed)).toEqual(['done', 'compensating', 'refused', 'not-started', 'not-started']);
    const parked = order(reserved, authorised, reply(shipmentFailed, 'dispatch'), deadline, deadline);
    expect(possible(parked)).toEqual(['retry', 'done']);
    expect(parked.actions[1]).toMatchObject({
      reason: 'the saga compensates already: retry or resolve the compensation of authorise',
    });
  });

  test('while a step whose command timed out waits for its compensation', () => {
    const found = order(reserved, deadline);
    expect(statusesOf(found).slice(0, 2)).toEqual(['done', 'compensating']);
  });

  test('when it has ended', () => {
    const completed = order(reserved, authorised, dispatched, committed, reply(paymentCaptured, 'capture'));
    expect([completed.status, statusesOf(completed)]).toEqual(['completed', Array(5).fill('done')]);
    expect([completed.pending, completed.deadline, completed.tries]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const declined = [reserved, reply(paymentDeclined, 'authorise'), reply(stockReleased, 'reserve')];
    const cancelled = order(...declined);
    expect([cancelled.status, statusesOf(cancelled).slice(0, 3)]).toEqual([
      'cancelled',
      ['compensated', 'refused', 'not-started'],
    ]);
    expect(order(...declined, reserved).status).toBe('compensating'); // a late success
  });

  test('when a person has done a step by hand, and it happened as well', () => {
    const parked = [reserved, authorised, dispatched, committed, deadline, deadline];
    const resolved = order(...parked, { kind: 'resolve', outcome: 'done' });
    expect(resolved.status).toBe('completed');
    expect(resolved.steps.at(-1)).toMatchObject({ status: 'done', byHand: true });
    const twice = order(...parked, { kind: 'resolve', outcome: 'done' }, reply(paymentCaptured, 'capture'));
    expect(twice.parked?.reason).toBe('capture succeeded although a person had done it by hand');
    expect(possible(twice)).toEqual(['done']);
    expect(twice.actions[1]).toMatchObject({
      reason: 'dispatch has happened, and after it the saga only goes forward',
    });
  });

  test('when it only goes forward', () => {
    const running = explained(forwardOnly, []);
    expect(running).toMatchObject({ deadline: { next: 'resend' }, compensationOrder: [] });
    const parked = explained(forwardOnly, [deadline, deadline]);
    expect(possible(parked)).toEqual(['retry', 'done', 'abandoned']);
    const abandoned = explained(forwardOnly, [deadline, deadline, { kind: 'resolve', outcome: 'abandoned' }]);
    expect([abandoned.status, statusesOf(abandoned)]).toEqual(['cancelled', ['unanswered', 'not-started']]);
    const halfDone = explained(forwardOnly, [reply(paymentRefunded, 'refund'), deadline, deadline]);
    expect(halfDone.actions[3]).toMatchObject({
      reason: 'refund has happened: the saga can no longer be abandoned',
    });
  });
});

test('a second compensation that is pending while the first one was parked gets a deadline again', () => {
  const found = order(
    ...[reserved, deadline, reply(paymentVoided, 'authorise'), reply(stockReleased, 'reserve')],
    ...[authorised, reserved], // both are late, and compensated again
    ...[deadline, deadline], // parked
    reply(stockReleased, 'reserve'),
  );
  expect(found).toMatchObject({ status: 'compensating', pending: { step: 'authorise' } });
  expect(found.deadline).toBeDefined();
});
