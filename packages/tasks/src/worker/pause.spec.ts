import { Fault } from '@emporium/bus';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { collectingLog } from '../../test/support/log.ts';
import { createPause } from './pause.ts';

const away = new Fault('email.server_away', { settle: 'pause', message: 'The SMTP server is away' });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const setUp = (options: { readonly probe?: () => Promise<void> } = {}) => {
  const log = collectingLog();
  const calls: string[] = [];
  const pause = createPause({
    task: 'email.send',
    log,
    pauseWorker: () => void calls.push('pause'),
    resumeWorker: () => void calls.push('resume'),
    random: () => 0,
    ...options,
  });
  return { pause, log, calls };
};

describe('a pause', () => {
  test('is begun once, however many tasks fail, and each of them waits until it is tried again', () => {
    const { pause, log, calls } = setUp();
    expect(pause.begin(away)).toBe(500);
    expect(pause.begin(away)).toBeGreaterThanOrEqual(500);
    expect(calls).toEqual(['pause']);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toContain('paused, no attempt is counted: The SMTP server is away');
  });

  test('waits longer each time, at least half of a step that doubles to 30 s, and says nothing meanwhile', async () => {
    const { pause, log } = setUp();
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const waitMs = pause.begin(away);
      waits.push(waitMs);
      await vi.advanceTimersByTimeAsync(waitMs);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    expect(log.lines).toHaveLength(1);
  });

  test('ends when the probe succeeds, and is said to be over when a task got through', async () => {
    let answers = false;
    const probe = vi.fn(async () => {
      if (!answers) throw new Error('still away');
    });
    const { pause, log, calls } = setUp({ probe });
    pause.begin(away);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(probe.mock.calls.length).toBeGreaterThan(4);
    expect(calls).toEqual(['pause']);
    answers = true;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(calls).toEqual(['pause', 'resume']);
    expect(log.lines).toHaveLength(1);
    pause.over();
    pause.over();
    expect(log.lines).toHaveLength(2);
    expect(log.lines[1]).toContain('resumed');
    expect(pause.begin(away)).toBe(500);
  });

  test('waits as long as the fault asks for', () => {
    const { pause } = setUp();
    const busy = new Fault('x.busy', { settle: 'pause', message: 'busy' }, { retryAfterMs: 7_000 });
    expect(pause.begin(busy)).toBe(7_000);
  });

  test('resumes nothing once the worker stops', async () => {
    const { pause, calls } = setUp();
    pause.begin(away);
    pause.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toEqual(['pause']);
  });
});
