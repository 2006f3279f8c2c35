import { expect, test } from 'vitest';
import { eventFormat, firstShape } from './event-format.ts';

type Event =
  | { readonly type: 'priced'; readonly price: { readonly amount: number; readonly currency: string } }
  | { readonly type: 'sold' };
type Priced = Extract<Event, { type: 'priced' }>;

interface PricedV1 {
  readonly type: 'priced';
  readonly euros: number;
}
interface PricedV2 {
  readonly type: 'priced';
  readonly cents: number;
}

const format = eventFormat<Event>({
  shapes: {
    priced: firstShape<PricedV1>()
      .next(({ type, euros }): PricedV2 => ({ type, cents: euros * 100 }))
      .next(({ type, cents }): Priced => ({ type, price: { amount: cents, currency: 'EUR' } })),
  },
  causeOf: () => ({ actor: { kind: 'service', name: 'till' } }),
});
const priced: Event = { type: 'priced', price: { amount: 1_200, currency: 'EUR' } };

test.each([
  [1, { type: 'priced', euros: 12 }],
  [2, { type: 'priced', cents: 1_200 }],
  [3, priced],
])('an event that was written in shape %i is read in the newest', (shape, data) =>
  expect(format.upcast('priced', shape, data)).toEqual(priced),
);

test('events are written in the newest shape; one without upcasters has the first', () =>
  expect([format.shapeOf('priced'), format.shapeOf('sold')]).toEqual([3, 1]));

test('an event without upcasters is read as it was written', () =>
  expect(format.upcast('sold', 1, { type: 'sold' })).toEqual({ type: 'sold' }));

test('a shape of a newer release is an error that names it', () =>
  expect(() => format.upcast('priced', 4, {})).toThrow(
    expect.objectContaining({
      code: 'event-store.unknown_shape',
      message: expect.stringMatching(/type: priced, shape: 4, newest: 3/),
    }),
  ));

test('the cause of an event whose row says nothing is what the format knows', () => {
  expect(format.causeOf(priced)).toEqual({ actor: { kind: 'service', name: 'till' } });
  expect(eventFormat<Event>().causeOf(priced)).toEqual({ actor: { kind: 'unknown' } });
});

test('an upcaster must lead to the newest shape', () => {
  const wrong = firstShape<PricedV1>().next(({ type, euros }): PricedV2 => ({ type, cents: euros * 100 }));
  // @ts-expect-error: it ends at PricedV2
  eventFormat<Event>({ shapes: { priced: wrong } });
});
