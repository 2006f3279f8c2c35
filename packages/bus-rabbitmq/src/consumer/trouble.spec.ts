import { busErrors } from '@emporium/bus';
import { expect, test } from 'vitest';
import { createTroubles } from './trouble.ts';

const refusal = busErrors.refused({ reason: 'full' });

test('a consumer is stuck when a failure lasts for ten seconds, and works again when it ends', () => {
  let now = Date.UTC(2026, 0);
  const troubles = createTroubles(() => now);
  const trouble = troubles.begin('message a');
  expect(troubles.status()).toEqual({ state: 'working' });
  trouble.failed(refusal);
  now += 9_000;
  trouble.failed(refusal);
  expect(troubles.status()).toEqual({ state: 'working' });
  now += 1_000;
  expect(troubles.status()).toEqual({
    state: 'stuck',
    since: '2026-01-01T00:00:00.000Z',
    reason: refusal.message,
    position: 'message a',
  });
  trouble.end();
  expect(troubles.status()).toEqual({ state: 'working' });
});

test('a broker that is away makes no consumer stuck', () => {
  let now = 0;
  const troubles = createTroubles(() => now);
  const trouble = troubles.begin();
  trouble.failed(refusal);
  now = 60_000;
  trouble.failed(busErrors.broker_away());
  expect(troubles.status()).toEqual({ state: 'working' });
});
