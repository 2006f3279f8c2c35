import { describe, expect, test } from 'vitest';
import { type Outcome, outcomeOf } from './outcome.ts';
import { standardSchedule } from './schedule.ts';
import { type ReceiverState, settleDelivery, settleReceiver } from './settle.ts';

const day = 86_400_000;
const at = new Date('2026-11-01T12:00:00Z');
const later = (ms: number) => new Date(at.getTime() + ms);
const delivered = outcomeOf(200);
const failed = outcomeOf(500);
const attempted = { at, schedule: standardSchedule, random: 0, isOutdated: false };

describe('a delivery', () => {
  test('is delivered by a success, whenever it comes', () =>
    expect(settleDelivery(delivered, { ...attempted, attempts: 9 })).toEqual({
      status: 'delivered',
      attempts: 10,
    }));

  test('waits for its next attempt after a failure', () =>
    expect(settleDelivery(failed, { ...attempted, attempts: 0 })).toEqual({
      status: 'pending',
      attempts: 1,
      nextAttemptAt: later(5_000),
    }));

  test('is failed after its last attempt', () =>
    expect(settleDelivery(failed, { ...attempted, attempts: 9 })).toEqual({
      status: 'failed',
      attempts: 10,
    }));

  test('stays open when the receiver is gone, even at its last attempt', () =>
    expect(settleDelivery(outcomeOf(410), { ...attempted, attempts: 9 })).toMatchObject({
      status: 'pending',
    }));

  test('begins anew after a failure of a URL that the webhook has no longer, and is delivered by a success', () => {
    const outdated = { ...attempted, attempts: 9, isOutdated: true };
    expect(settleDelivery(outcomeOf(410), outdated)).toEqual({
      status: 'pending',
      attempts: 0,
      nextAttemptAt: at,
    });
    expect(settleDelivery(delivered, outdated)).toMatchObject({ status: 'delivered' });
  });

  test('always has a next attempt or an end, whatever the outcomes are', () => {
    const statuses = [200, 204, 301, 404, 410, 429, 500, 503];
    for (let run = 0; run < 500; run += 1) {
      let attempts = 0;
      for (let open = true; open && attempts < 100; ) {
        const status = statuses[Math.floor(Math.random() * statuses.length)] ?? 500;
        const retryAfterMs = Math.random() * 1e10;
        const settled = settleDelivery(outcomeOf(status, { retryAfterMs }), {
          ...attempted,
          attempts,
          random: Math.random(),
        });
        open = settled.status === 'pending';
        if (open) expect(settled.nextAttemptAt?.getTime()).toBeGreaterThanOrEqual(at.getTime());
        else expect(settled.status === 'delivered').toBe(status < 300);
        if (open && settled.attempts === attempts) break; // gone: it waits for an administrator
        attempts = settled.attempts;
        expect(attempts).toBeLessThanOrEqual(10);
      }
    }
  });
});

describe('a receiver', () => {
  const healthy: ReceiverState = { failingSince: null, throttledUntil: null };
  const after = (state: ReceiverState, ...outcomes: readonly (readonly [Outcome, Date])[]) =>
    outcomes.reduce(
      (before, [outcome, when]) => settleReceiver(before, outcome, { at: when, disableAfterMs: 5 * day }),
      state,
    );

  test('is failing since the first failure', () =>
    expect(after(healthy, [failed, at], [failed, later(1)])).toEqual({ ...healthy, failingSince: at }));

  test('is healthy again after one success', () =>
    expect(after(healthy, [failed, at], [delivered, later(day)], [failed, later(6 * day)])).toEqual({
      ...healthy,
      failingSince: later(6 * day),
    }));

  test('is disabled when every attempt failed for days', () => {
    expect(after(healthy, [failed, at], [failed, later(5 * day - 1)])).not.toHaveProperty('disabled');
    expect(after(healthy, [failed, at], [failed, later(5 * day)])).toMatchObject({
      disabled: 'every attempt failed for 5 days; at last it answered 500',
    });
  });

  test('is disabled at once when it is gone, and a success of another attempt does not change that', () =>
    expect(after(healthy, [outcomeOf(410), at], [delivered, at])).toMatchObject({
      disabled: 'it answered 410: it wants no more deliveries',
    }));

  test('is left alone for as long as it asks for, an hour at most', () => {
    expect(after(healthy, [outcomeOf(503, { retryAfterMs: 60_000 }), at]).throttledUntil).toEqual(
      later(60_000),
    );
    expect(after(healthy, [outcomeOf(429, { retryAfterMs: 1e12 }), at]).throttledUntil).toEqual(
      later(3_600_000),
    );
  });
});
