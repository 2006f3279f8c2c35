import { beforeEach, describe, expect, test } from 'vitest';
import { noted } from '../../../test/fake-transport.ts';
import type { Delivery } from '../../transport.ts';
import { createProgress, type Progress } from './progress.ts';

const body = new Uint8Array();
const lost = new Error('the connection is gone');

describe('a consumer', () => {
  let now: number;
  let lines: string[];
  let progress: Progress;

  beforeEach(() => {
    now = Date.UTC(2026, 0);
    lines = [];
    const note = (_facts: object | string, line?: string) => void lines.push(String(line));
    progress = createProgress('email.orders', { info: note, warn: note, error: note }, () => now);
  });

  const fail = (delivery: Delivery) => {
    progress.begin(delivery);
    progress.failed(delivery, lost);
  };

  test('works while its deliveries end', () => {
    for (let index = 0; index < 100; index += 1) {
      const delivery = noted({ id: `m-${index}`, body });
      progress.begin(delivery);
      now += 1_000;
      progress.end(delivery);
    }
    expect(progress.status()).toEqual({ state: 'working' });
  });

  test('is stuck at a message that cannot be settled for ten seconds, while others can', () => {
    const delivery = { ...noted({ id: 'm-1', body }), position: 'sensor_data/3/1207' };
    for (let tries = 0; tries < 12; tries += 1) {
      fail(delivery);
      const other = noted({ id: `other-${tries}`, body });
      progress.begin(other);
      progress.end(other);
      now += 1_000;
    }
    expect(progress.status()).toEqual({
      state: 'stuck',
      since: '2026-01-01T00:00:00.000Z',
      reason: 'not settled after 12 tries: the connection is gone',
      position: 'sensor_data/3/1207',
    });
  });

  test('logs once that a message is not settled, and once that it was settled after all', () => {
    const delivery = noted({ id: 'm-1', body });
    for (let tries = 0; tries < 50; tries += 1) fail(delivery);
    progress.begin(delivery);
    progress.end(delivery);
    expect(lines).toEqual([
      'not settled, it will be delivered again: the connection is gone',
      'settled after all',
    ]);
    expect(progress.status()).toEqual({ state: 'working' });
  });

  test('is not stuck at a message that another instance has settled meanwhile', () => {
    const delivery = noted({ id: 'm-1', body });
    fail(delivery);
    now += 15_000;
    fail(delivery);
    expect(progress.status().state).toBe('stuck');
    now += 61_000;
    expect(progress.status()).toEqual({ state: 'working' });
  });

  test('is stuck at a handler that does not end', () => {
    progress.begin(noted({ id: 'm-1', body }));
    now += 119_000;
    progress.begin(noted({ id: 'm-2', body }));
    expect(progress.status().state).toBe('working');
    now += 1_000;
    expect(progress.status()).toMatchObject({ state: 'stuck', position: 'message m-1' });
  });
});
