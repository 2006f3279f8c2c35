import { describe, expect, test } from 'vitest';
import { intendCancellation, settleCancellation } from './cancellation.ts';
import { deliver } from './delivery.ts';
import { expireDispatch, intendDispatch, settleDispatch } from './dispatch.ts';
import type { Shipment } from './shipment.ts';

const dispatch = { customerId: 'c-1', shipmentId: 's-1' };
const parcel = { carrierId: 'ship_1', trackingNumber: 'T1' };
const states = {
  dispatching: { status: 'dispatching', ...dispatch },
  dispatched: { status: 'dispatched', ...dispatch, ...parcel },
  delivered: { status: 'delivered', ...dispatch, ...parcel, deliveredAt: '2026-11-23T10:00:00Z' },
  failed: { status: 'failed', reason: 'address_not_served' },
  'cancelling after a dispatch': { status: 'cancelling', dispatch },
  'cancelling before a dispatch': { status: 'cancelling' },
  cancelled: { status: 'cancelled' },
} satisfies Record<string, Shipment>;
type State = keyof typeof states;

/** What each command does to a shipment in each state: asks the carrier, or answers from what is known. */
test.each<[State, string, string, string]>([
  // state         dispatch     expired       cancel
  ['dispatching', 'ask', 'silence', 'ask'],
  ['dispatched', 'dispatched', 'dispatched', 'dispatched'],
  ['delivered', 'dispatched', 'dispatched', 'dispatched'],
  ['failed', 'failed', 'failed', 'cancelled'],
  ['cancelling after a dispatch', 'silence', 'silence', 'ask'],
  ['cancelling before a dispatch', 'failed', 'failed', 'ask'],
  ['cancelled', 'failed', 'failed', 'cancelled'],
])(
  'given a shipment that is %s: dispatch → %s, an expired dispatch → %s, cancel → %s',
  (state, ...expected) => {
    const shipment = states[state];
    const [asked, stopped] = [intendDispatch(shipment), intendCancellation(shipment).intent];
    expect([
      asked.kind === 'ask' ? 'ask' : asked.answer.kind,
      expireDispatch(shipment).kind,
      stopped.kind === 'ask' ? 'ask' : stopped.answer.kind,
    ]).toEqual(expected);
  },
);

describe('when the carrier has shipped', () => {
  const outcome = { kind: 'dispatched', parcel } as const;
  const answer = { kind: 'dispatched', ...dispatch, trackingNumber: 'T1' };

  test.each<State>(['dispatching', 'cancelling after a dispatch', 'failed', 'cancelled'])(
    'a shipment that was %s is dispatched: the parcel is on its way',
    (state) => {
      expect(settleDispatch(states[state], dispatch, outcome)).toEqual({
        answer,
        shipment: states.dispatched,
      });
    },
  );

  test('a cancellation says so, and knows whose parcel it is', () => {
    expect(settleCancellation(states['cancelling after a dispatch'], outcome)).toEqual({
      answer,
      shipment: states.dispatched,
    });
    expect(settleCancellation(states.delivered, { kind: 'cancelled' })).toEqual({ answer });
  });

  test('a cancellation of what nobody dispatched cannot say whose it is', () => {
    expect(settleCancellation(states['cancelling before a dispatch'], outcome)).toMatchObject({
      answer: { kind: 'impossible' },
    });
  });
});

describe('when the carrier refuses', () => {
  const outcome = { kind: 'refused', reason: 'shipment_cancelled' } as const;

  test('a dispatch fails', () => {
    expect(settleDispatch(states.dispatching, dispatch, outcome)).toEqual({
      answer: { kind: 'failed', reason: 'shipment_cancelled' },
      shipment: { status: 'failed', reason: 'shipment_cancelled' },
    });
  });

  test('a dispatch that is being cancelled fails, and the cancellation goes on', () => {
    expect(settleDispatch(states['cancelling after a dispatch'], dispatch, outcome)).toEqual({
      answer: { kind: 'failed', reason: 'shipment_cancelled' },
    });
  });
});

test('a cancellation closes the shipment before the carrier is asked', () => {
  expect(intendCancellation(states.dispatching).shipment).toEqual(states['cancelling after a dispatch']);
  expect(intendCancellation(states.dispatched).shipment).toBeUndefined();
});

describe('a report of a delivery', () => {
  const report = { carrierId: 'ship_1', at: '2026-11-23T10:00:00Z' };

  test('delivers the shipment once', () => {
    expect(deliver(states.dispatched, report)).toEqual({ kind: 'delivered', shipment: states.delivered });
    expect(deliver(states.delivered, report)).toEqual({ kind: 'known' });
  });

  test.each<[string, Shipment | undefined]>([
    ['nobody knows', undefined],
    ['is not dispatched as far as we know', states.dispatching],
    ['failed', states.failed],
  ])('of a shipment that %s is not taken yet', (_, shipment) => {
    expect(deliver(shipment, report)).toEqual({ kind: 'not-dispatched' });
  });

  test('of another parcel is not taken', () => {
    expect(deliver(states.dispatched, { ...report, carrierId: 'ship_2' })).toEqual({
      kind: 'not-dispatched',
    });
  });
});
