import { describe, expect, test } from 'vitest';
import type { Span } from '../../../shared/waterfall/span.ts';
import { arrowsOf, lanesOf } from './arrows.ts';

const span = (
  depth: number,
  kind: string,
  service: string,
  offsetMs: number,
  more: Partial<Span> = {},
): Span => ({
  ...{ spanId: `${service}-${offsetMs}`, depth, kind, service, name: kind, start: '2026-11-29T10:00:00Z' },
  ...{ offsetMs, durationMs: 1, status: 'ok', attributes: {} },
  ...more,
});
const named = (type: string, attempt?: number) => ({
  attributes: {
    'emporium.message.type': type,
    ...(attempt === undefined ? {} : { 'emporium.attempt': attempt }),
  },
});
const linesOf = (spans: readonly Span[]) =>
  arrowsOf(spans).map(
    ({ kind, from, to = '?', name, state, attempt }) =>
      `${kind} ${from} → ${to}: ${name}, ${state} ${attempt}`,
  );

describe('the arrows of a sequence diagram', () => {
  test('are calls, messages, tasks and mails, in the order of time', () => {
    const spans = [
      span(0, 'request', 'gateway', 0),
      span(1, 'call', 'gateway', 1),
      span(2, 'request', 'order', 2, { name: 'POST /api/orders' }),
      span(3, 'message created', 'order', 3),
      span(4, 'message published', 'order', 4),
      span(4, 'message handled', 'email', 9, named('order.confirmed', 1)),
      span(5, 'task', 'email', 10),
      span(6, 'task', 'email-worker', 11, { attributes: { 'emporium.task.name': 'email.send' } }),
      span(7, 'mail', 'email-worker', 12, { attributes: { 'service.peer.name': 'the mail server' } }),
      span(4, 'message handled', 'loyalty', 8, named('order.confirmed', 1)),
    ];
    expect(linesOf(spans)).toEqual([
      'call gateway → order: POST /api/orders, ok 1',
      'message order → loyalty: order.confirmed, ok 1',
      'message order → email: order.confirmed, ok 1',
      'task email → email-worker: email.send, ok 1',
      'mail email-worker → the mail server: mail, ok 1',
    ]);
    expect(lanesOf(arrowsOf(spans))).toEqual([
      ...['gateway', 'order', 'loyalty', 'email', 'email-worker', 'the mail server'],
    ]);
  });

  test('show each attempt, and the dead letter at the end', () => {
    const spans = [
      span(0, 'message created', 'order', 0, named('payment.capture')),
      span(1, 'retry', 'payment', 1, named('payment.capture', 1)),
      span(1, 'dead letter', 'payment', 2, named('payment.capture', 2)),
    ];
    expect(linesOf(spans)).toEqual([
      'message order → payment: payment.capture, retry 1',
      'message order → payment: payment.capture, dead letter 2',
    ]);
  });

  test('end in the open where nothing handled the message, and begin anywhere where its sender is not known', () => {
    const spans = [
      span(0, 'message handled', 'payment', 0, named('payment.capture', 1)),
      span(1, 'message created', 'payment', 5, named('payment.captured')),
      span(2, 'message published', 'payment', 6),
    ];
    expect(linesOf(spans)).toEqual([
      'message unknown → payment: payment.capture, ok 1',
      'message payment → ?: payment.captured, ok 1',
    ]);
  });

  test('lead outside by the name of the other side', () => {
    const provider = { attributes: { 'service.peer.name': 'the payment provider' } };
    expect(linesOf([span(0, 'call', 'payment', 0, { ...provider, status: 'error' })])).toEqual([
      'call payment → the payment provider: call, error 1',
    ]);
  });
});
