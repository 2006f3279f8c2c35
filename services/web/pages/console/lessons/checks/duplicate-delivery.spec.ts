import { expect, test } from 'vitest';
import { madeUp } from '../made-up-answers.ts';
import { checks } from './duplicate-delivery.ts';

const begunAt = new Date('2026-05-01T10:00:00Z');
const at = (minute: number): string => new Date(begunAt.getTime() + minute * 60_000).toISOString();

const send = (messageId: string, minute = 1) => ({
  at: at(minute),
  action: 'message.send',
  details: { messageId },
  outcome: 'done',
});
const sent = (...entries: readonly unknown[]) => ({ '/api/admin/audit?target=email.welcome': { entries } });
const twice = sent(send('m1'), send('m1'));
const deliveries = (...outcomes: readonly string[]) => ({
  '/api/admin/messages?subscription=email.welcome&messageId=m1': {
    messages: outcomes.map((outcome) => ({ outcome })),
  },
});
const mails = (count: number) => ({
  '/api/mails?to=m1%40example.com': { mails: Array.from({ length: count }, () => ({})) },
});
const order = (status: string) => ({ orderId: 'o1', customerId: 'c', status, placedAt: at(1) });
const bought = (resends: number | undefined, lines: readonly unknown[], status = 'completed') => ({
  '/api/admin/orders?': { orders: [order(status)] },
  '/api/orders/o1': { correlationId: 'k' },
  '/api/admin/trace/k': {
    traces: [{ spans: [{ service: 'payment', attributes: { 'http.request.resend_count': resends } }] }],
  },
  '/simulator/ledger?reference=o1': { authorisations: lines },
});
const line = { status: 'captured', held: 0, captured: 1 };

test.each([
  ['sent-twice', true, twice],
  ['sent-twice', false, sent(send('m1'), send('m2'))],
  ['sent-twice', false, sent(send('m1'), send('m1', -1))],
  ['sent-twice', false, {}],
  ['delivered-twice', true, { ...twice, ...deliveries('ack', 'ack') }],
  ['delivered-twice', false, { ...twice, ...deliveries('retry', 'ack') }],
  ['delivered-twice', false, { ...sent(send('m1')), ...deliveries('ack', 'ack') }],
  ['delivered-twice', false, twice],
  ['one-mail', true, { ...twice, ...mails(1) }],
  ['one-mail', false, { ...twice, ...mails(0) }],
  ['one-mail', false, { ...twice, ...mails(2) }],
  ['one-mail', false, twice],
  ['charged-once', true, bought(1, [line])],
  ['charged-once', false, bought(undefined, [line])],
  ['charged-once', false, bought(1, [line, line])],
  ['charged-once', false, bought(1, [{ ...line, status: 'authorised' }])],
  ['charged-once', false, bought(1, [line], 'confirmed')],
  ['charged-once', false, {}],
])('%s: %s', async (name, isDone, bodies) => {
  const verdict = await checks[name]?.(madeUp(begunAt, bodies));
  expect(verdict?.isDone).toBe(isDone);
  expect(verdict?.seen).toMatch(/^[A-Z0-9].*[.:].*$/);
});
