import { expect, test } from 'vitest';
import { createHealth } from './health.ts';

test('is ready when every check passes', async () => {
  const health = createHealth();
  health.add('database', async () => undefined);
  expect(await health.readiness()).toEqual({ status: 'ready', checks: { database: { status: 'ok' } } });
});

test('is not ready when a check rejects, throws or never resolves, with the reason of each', async () => {
  const health = createHealth({ timeoutMs: 20 });
  health.add('database', () => Promise.reject(new Error('connect postgres://a:hunter2@db failed')));
  health.add('bus', () => {
    throw new Error('blocked');
  });
  health.add('carrier', () => new Promise(() => undefined));
  health.add('cache', () => undefined);
  expect(await health.readiness()).toEqual({
    status: 'not-ready',
    checks: {
      database: { status: 'failed', reason: 'connect postgres://[redacted]@db failed' },
      bus: { status: 'failed', reason: 'blocked' },
      carrier: { status: 'failed', reason: 'no answer within 20 ms' },
      cache: { status: 'ok' },
    },
  });
});

test('is degraded when only degrading checks fail', async () => {
  const health = createHealth();
  health.add('database', () => undefined);
  health.add('broker', () => Promise.reject(new Error('away')), { degrades: true });
  expect(await health.readiness()).toEqual({
    status: 'degraded',
    checks: { database: { status: 'ok' }, broker: { status: 'degraded', reason: 'away' } },
  });
  health.add('order.replies', () => Promise.reject(new Error('no progress')));
  expect((await health.readiness()).status).toBe('not-ready');
});

test('is ready when a part is paused on purpose, and says since when, by whom and why', async () => {
  const health = createHealth();
  const paused = {
    status: 'paused',
    since: '2026-11-29T12:00:00.000Z',
    by: 'ada',
    reason: 'a test',
  } as const;
  let isBroken = false;
  const check = () => {
    if (isBroken) throw new Error('no progress');
  };
  health.add('email.orders', check, { pausedBy: () => paused });
  health.add('email.welcome', () => undefined, { pausedBy: () => undefined });
  expect(await health.readiness()).toEqual({
    status: 'ready',
    checks: { 'email.orders': paused, 'email.welcome': { status: 'ok' } },
  });
  isBroken = true;
  expect(await health.readiness()).toMatchObject({
    status: 'not-ready',
    checks: { 'email.orders': { status: 'failed', reason: 'no progress' } },
  });
});

test('is not ready while draining', async () => {
  const health = createHealth();
  health.drain();
  expect(await health.readiness()).toMatchObject({
    status: 'not-ready',
    checks: { drain: { status: 'failed' } },
  });
});

test('concurrent callers share one run of the checks', async () => {
  const health = createHealth();
  let runs = 0;
  health.add('database', async () => {
    runs += 1;
  });
  await Promise.all([health.readiness(), health.readiness()]);
  expect(runs).toBe(1);
  await health.readiness();
  expect(runs).toBe(2);
});

test('two checks with the same name are an error', () => {
  const health = createHealth();
  health.add('database', () => undefined);
  expect(() => health.add('database', () => undefined)).toThrow('database');
});
