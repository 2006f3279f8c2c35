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

/** Whether a command calls the carrier in each state, or which reply it gets. */
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
    const results = [
      beginDispatch(shipment, dispatch),
      expireDispatch(shipment),
      beginCancellation(shipment),
    ] as const;
    expect(results.map((each) => ('reply' in each ? each.reply.kind : 'call'))).toEqual(expected);
  },
);

describe('when the carrier has dispatched', () => {
  const outcome = { kind: 'dispatched', parcel } as const;
  const reply = { kind: 'dispatched', ...dispatch, trackingNumber: 'T1' };

  test.each<State>(['dispatching', 'cancelling after a dispatch', 'failed', 'cancelled'])(
    'a shipment that was %s becomes dispatched',
    (state) => {
      expect(recordDispatch(states[state], dispatch, outcome)).toEqual({
        reply,
        change: states.dispatched,
      });
    },
  );

  test('a cancellation replies with the shipment', () => {
    expect(recordCancellation(states['cancelling after a dispatch'], outcome)).toEqual({
      reply,
      change: states.dispatched,
    });
    expect(recordCancellation(states.delivered, { kind: 'cancelled' })).toEqual({ reply });
  });

  test('a cancellation of a dispatch that was never begun is impossible', () => {
    expect(recordCancellation(states['cancelling before a dispatch'], outcome)).toMatchObject({
      reply: { kind: 'impossible' },
    });
  });
});

describe('when the carrier refuses', () => {
  const outcome = { kind: 'refused', reason: 'shipment_cancelled' } as const;

  test('a dispatch fails', () => {
    expect(recordDispatch(states.dispatching, dispatch, outcome)).toEqual({
      reply: { kind: 'failed', reason: 'shipment_cancelled' },
      change: { status: 'failed', reason: 'shipment_cancelled' },
    });
  });

  test('a dispatch that is being cancelled fails, and the cancellation continues', () => {
    expect(recordDispatch(states['cancelling after a dispatch'], dispatch, outcome)).toEqual({
      reply: { kind: 'failed', reason: 'shipment_cancelled' },
    });
  });
});

test('a cancellation changes the status before the carrier is called', () => {
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
    ['is unknown', states.none],
    ['is not known to be dispatched', states.dispatching],
    ['failed', states.failed],
  ])('of a shipment that %s is not accepted yet', (_, shipment) => {
    expect(deliver(shipment, report)).toEqual({ kind: 'not-dispatched' });
  });

  test('of another parcel is not accepted', () => {
    expect(deliver(states.dispatched, { ...report, carrierId: 'ship_2' })).toEqual({
      kind: 'not-dispatched',
    });
  });
});
