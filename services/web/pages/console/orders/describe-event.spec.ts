import { describe, expect, test } from 'vitest';
import { actorOf, describeEvent } from './describe-event.ts';

const event = (type: string, data: Record<string, unknown> = {}) => ({
  ...{
    version: 1,
    id: 'e',
    at: '2026-11-29T10:00:00Z',
    type,
    data,
    actor: { kind: 'saga', name: 'fulfilment' },
  },
});

describe('an event of an order in a line', () => {
  test.each([
    [event('placed'), 'placed'],
    [event('step-recorded', { step: 'reserve', outcome: 'done' }), 'reserve done'],
    [
      event('step-recorded', { step: 'authorise', outcome: 'timed-out', reason: 'no reply' }),
      'authorise timed out: no reply',
    ],
    [event('parked', { step: 'capture', reason: 'refused' }), 'parked at capture: refused'],
    [event('refund-step-recorded', { step: 'refund', outcome: 'done' }), 'refund: refund done'],
    [event('cancellation-begun', { reason: 'declined' }), 'cancellation begun: declined'],
  ])('%#', (given, line) => expect(describeEvent(given)).toBe(line));

  test('names who did it', () => {
    expect(actorOf(event('placed'))).toBe('saga fulfilment');
    expect(actorOf({ actor: { kind: 'customer', id: 'c1' } })).toBe('customer c1');
    expect(actorOf({ actor: { kind: 'unknown' } })).toBe('unknown');
  });
});
