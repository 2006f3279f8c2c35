import type { EmitEffect } from '@emporium/bus';
import {
  type Contract,
  cancellation,
  type Data,
  orderCancelled,
  orderCompleted,
  orderParked,
  orderPlaced,
} from '@emporium/contracts';
import type { CommitListener } from '@emporium/store';
import { counter, histogram } from '@emporium/telemetry';
import { parse, version } from 'uuid';
import { cancellationKind } from './domain/cancellation-kind.ts';

const placed = counter({ name: 'emporium_orders_placed_total', help: 'Accepted orders.' });

const completed = counter({ name: 'emporium_orders_completed_total', help: 'Completed orders.' });

const cancelled = counter({
  name: 'emporium_orders_cancelled_total',
  help: 'Cancelled orders, by reason.',
  labels: ['emporium_reason', 'emporium_kind'],
});

// Prometheus sees the increase only of a series that it has read before.
for (const reason of cancellation.options)
  cancelled.add(0, { emporium_reason: reason, emporium_kind: cancellationKind(reason) });

const parked = counter({
  name: 'emporium_orders_parked_total',
  help: 'Orders that came to wait for a person.',
});

const duration = histogram({
  name: 'emporium_order_duration_seconds',
  help: 'From the placing of an order to its end.',
  labels: ['emporium_outcome'],
  known: [{ emporium_outcome: 'completed' }, { emporium_outcome: 'cancelled' }],
  buckets: [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3_600, 86_400],
});

/** Counts orders by their public events, each of which is committed once. */
export const observeOrders: CommitListener = (committed) => {
  for (const { effect, context, now } of committed) {
    if (effect.effect !== 'emit') continue;
    if (is(orderPlaced, effect)) placed.add(1, {});
    else if (is(orderParked, effect)) parked.add(1, {});
    else if (is(orderCompleted, effect)) {
      completed.add(1, {});
      ended('completed', effect.data.orderId, now, context.traceparent);
    } else if (is(orderCancelled, effect)) {
      const { cancellation: reason, orderId } = effect.data;
      cancelled.add(1, { emporium_reason: reason, emporium_kind: cancellationKind(reason) });
      ended('cancelled', orderId, now, context.traceparent);
    }
  }
};

const ended = (outcome: 'completed' | 'cancelled', orderId: string, now: Date, traceparent: string): void => {
  const placedAt = placedAtOf(orderId);
  if (placedAt === undefined) return;
  duration.observe(Math.max(0, now.getTime() - placedAt) / 1_000, { emporium_outcome: outcome }, traceparent);
};

/** An order's id is a UUIDv7, which is made when it is placed and begins with the milliseconds since the epoch. */
const placedAtOf = (orderId: string): number | undefined =>
  version(orderId) === 7 ? Buffer.from(parse(orderId)).readUIntBE(0, 6) : undefined;

const is = <C extends Contract>(
  contract: C,
  effect: EmitEffect,
): effect is EmitEffect & { readonly data: Data<C> } => effect.contract === contract;
