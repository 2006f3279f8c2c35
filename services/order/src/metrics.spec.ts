import { emit, newContext } from '@emporium/bus';
import {
  type Cancellation,
  numbered,
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderParked,
  orderPlaced,
} from '@emporium/contracts';
import { scrape } from '@emporium/telemetry';
import { expect, test } from 'vitest';
import { observeOrders } from './metrics.ts';

const placedAt = new Date('2026-11-29T10:00:00.000Z');
/** A UUIDv7 of that time. */
const orderId = `${placedAt.getTime().toString(16).padStart(12, '0').replace(/^.{8}/, '$&-')}-7000-8000-000000000001`;
const customerId = orderId;
const total = { amount: 100, currency: 'EUR' };
const lines = [{ sku: 'MUG', quantity: 1, unitPrice: total }];

const observe = (
  seconds: number,
  ...effects: Parameters<typeof observeOrders>[0][number]['effect'][]
): void =>
  observeOrders(
    effects.map((effect) => ({
      effect,
      context: newContext(),
      now: new Date(placedAt.getTime() + seconds * 1_000),
    })),
  );

/** The numbers of the shop, as they are scraped. */
const figures = async (): Promise<ReadonlyMap<string, number>> => {
  const { text } = await scrape();
  const found = [...text.matchAll(/^(emporium_order\S+?(?:\{[^}]*\})?) (\S+)/gm)];
  return new Map(found.map(([, name = '', value]) => [name, Number(value)]));
};

const growth = async (work: () => void): Promise<Record<string, number>> => {
  const before = await figures();
  work();
  const after = [...(await figures())].filter(([name]) => !name.includes('_bucket'));
  return Object.fromEntries(
    after
      .map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
      .filter(([, value]) => value > 0),
  );
};

const cancelled = (cancellation: Cancellation) =>
  emit(orderCancelled, { orderId, customerId, cancellation, reason: 'because' });

test('the durations of both ends are shown before the first order', async () => {
  const shown = await figures();
  for (const outcome of ['completed', 'cancelled'])
    expect(shown.has(`emporium_order_duration_seconds_count{emporium_outcome="${outcome}"}`)).toBe(true);
});

test('an order is counted when it is placed and when it is completed, with the time in between', async () => {
  const grown = await growth(() => {
    observe(0, emit(orderPlaced, { orderId, customerId, lines: numbered(lines), grossTotal: total }));
    observe(1, emit(orderConfirmed, { orderId, customerId, lines, total }));
    observe(2.5, emit(orderCompleted, { orderId, customerId, total }));
  });
  expect(grown).toEqual({
    emporium_orders_placed_total: 1,
    emporium_orders_completed_total: 1,
    'emporium_order_duration_seconds_count{emporium_outcome="completed"}': 1,
    'emporium_order_duration_seconds_sum{emporium_outcome="completed"}': 2.5,
  });
});

test('a cancelled order is counted by its reason and whether that is one of the business', async () => {
  const grown = await growth(() => observe(3, cancelled('payment-declined'), cancelled('timed-out')));
  expect(grown).toEqual({
    'emporium_orders_cancelled_total{emporium_reason="payment-declined",emporium_kind="business"}': 1,
    'emporium_orders_cancelled_total{emporium_reason="timed-out",emporium_kind="technical"}': 1,
    'emporium_order_duration_seconds_count{emporium_outcome="cancelled"}': 2,
    'emporium_order_duration_seconds_sum{emporium_outcome="cancelled"}': 6,
  });
});

test('a parked order is counted, and one with an id of another kind has no duration', async () => {
  const other = '11111111-1111-4111-8111-111111111111';
  const grown = await growth(() =>
    observe(
      3,
      emit(orderParked, { orderId, customerId, step: 'capture', reason: 'because' }),
      emit(orderCompleted, { orderId: other, customerId, total }),
    ),
  );
  expect(grown).toEqual({ emporium_orders_parked_total: 1, emporium_orders_completed_total: 1 });
});
