import { describe, expect, test } from 'vitest';
import { beginCancellation, recordCancellation } from './cancellation.ts';
import { deliver } from './delivery.ts';
import { beginDispatch, expireDispatch, recordDispatch } from './dispatch.ts';
import type { Shipment } from './shipment.ts';

const dispatch = { customerId: 'c-1', shipmentId: 's-1' };
const parcel = { carrierId: 'ship_1', trackingNumber: 'T1' };
const states = {
  none: { status: 'none' },
  dispatching: { status: 'dispatching', ...dispatch },
  dispatched: { status: 'dispatched', ...dispatch, ...parcel },
  delivered: { status: 'delivered', ...dispatch, ...parcel, deliveredAt: '2026-11-23T10:00:00Z' },
  failed: { status: 'failed', reason: 'address_not_served' },
  'cancelling after a dispatch': { status: 'cancelling', dispatch },
  'cancelling before a dispatch': { status: 'cancelling' },
  cancelled: { status: 'cancelled' },
} satisfies Record<string, Shipment>;
type State = keyof typeof states;

/** What each command does to a shipment in each state: calls the carrier, or answers from what is known. */
test.each<[State, string, string, string]>([
  // state         dispatch     expired       cancel
  ['none', 'call', 'failed', 'call'],
  ['dispatching', 'call', 'none', 'call'],
  ['dispatched', 'dispatched', 'dispatched', 'dispatched'],
  ['delivered', 'dispatched', 'dispatched', 'dispatched'],
  ['failed', 'failed', 'failed', 'cancelled'],
  ['cancelling after a dispatch', 'none', 'none', 'call'],
  ['cancelling before a dispatch', 'failed', 'failed', 'call'],
  ['cancelled', 'failed', 'failed', 'cancelled'],
])(
  'given a shipment that is %s: dispatch → %s, an expired dispatch → %s, cancel → %s',
  (state, ...expected) => {
    const shipment = states[state];
    const decided = [
      beginDispatch(shipment, dispatch),
      expireDispatch(shipment),
      beginCancellation(shipment),
    ] as const;
    expect(decided.map((each) => ('answer' in each ? each.answer.kind : 'call'))).toEqual(expected);
  },
);

describe('when the carrier has shipped', () => {
  const outcome = { kind: 'dispatched', parcel } as const;
  const answer = { kind: 'dispatched', ...dispatch, trackingNumber: 'T1' };

  test.each<State>(['dispatching', 'cancelling after a dispatch', 'failed', 'cancelled'])(
    'a shipment that was %s is dispatched: the parcel is on its way',
    (state) => {
      expect(recordDispatch(states[state], dispatch, outcome)).toEqual({
        answer,
        change: states.dispatched,
      });
    },
  );

  test('a cancellation says so, and knows whose parcel it is', () => {
    expect(recordCancellation(states['cancelling after a dispatch'], outcome)).toEqual({
      answer,
      change: states.dispatched,
    });
    expect(recordCancellation(states.delivered, { kind: 'cancelled' })).toEqual({ answer });
  });

  test('a cancellation of what nobody dispatched cannot say whose it is', () => {
    expect(recordCancellation(states['cancelling before a dispatch'], outcome)).toMatchObject({
      answer: { kind: 'impossible' },
    });
  });
});

describe('when the carrier refuses', () => {
  const outcome = { kind: 'refused', reason: 'shipment_cancelled' } as const;

  test('a dispatch fails', () => {
    expect(recordDispatch(states.dispatching, dispatch, outcome)).toEqual({
      answer: { kind: 'failed', reason: 'shipment_cancelled' },
      change: { status: 'failed', reason: 'shipment_cancelled' },
    });
  });

  test('a dispatch that is being cancelled fails, and the cancellation goes on', () => {
    expect(recordDispatch(states['cancelling after a dispatch'], dispatch, outcome)).toEqual({
      answer: { kind: 'failed', reason: 'shipment_cancelled' },
    });
  });
});

test('a cancellation closes the shipment before the carrier is asked', () => {
  expect(beginCancellation(states.dispatching).change).toEqual(states['cancelling after a dispatch']);
  expect(beginCancellation(states.none).change).toEqual(states['cancelling before a dispatch']);
  expect(beginCancellation(states.dispatched).change).toBeUndefined();
});

describe('a report of a delivery', () => {
  const report = { carrierId: 'ship_1', at: '2026-11-23T10:00:00Z' };

  test('delivers the shipment once', () => {
    expect(deliver(states.dispatched, report)).toEqual({ kind: 'delivered', change: states.delivered });
    expect(deliver(states.delivered, report)).toEqual({ kind: 'known' });
  });

  test.each<[string, Shipment]>([
    ['nobody knows', states.none],
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
