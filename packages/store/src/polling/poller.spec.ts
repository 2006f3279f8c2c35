import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemoryLog } from '../../test/support/log.ts';
import { storeErrors } from '../database/errors.ts';
import { type Poller, type PollerOptions, startPoller } from './poller.ts';

describe('a poller', () => {
  let log: ReturnType<typeof createMemoryLog>;
  let poller: Poller;
  let runs: number;

  beforeEach(() => {
    vi.useFakeTimers();
    log = createMemoryLog();
    runs = 0;
  });

  afterEach(async () => {
    const stopped = poller.stop();
    await pass(100); // for a run in progress
    await stopped;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  const start = (
    run: (signal: AbortSignal) => number | Promise<number>,
    options: Partial<PollerOptions> = {},
  ): void => {
    poller = startPoller({
      name: 'outbox relay',
      log,
      run: async (signal) => {
        runs += 1;
        return run(signal);
      },
      ...options,
    });
  };

  test('runs at once, and again after the time that a run returned', async () => {
    start(() => 1_000);
    await pass(999);
    expect(runs).toBe(1);
    await pass(1);
    expect(runs).toBe(2);
  });

  test('runs without a wait while there is more to do', async () => {
    start(() => (runs < 5 ? 0 : 1_000));
    await pass(0);
    expect(runs).toBe(5);
  });

  test('runs when it is woken', async () => {
    start(() => 1_000);
    await pass(10);
    poller.wake();
    await pass(0);
    expect(runs).toBe(2);
  });

  test('a wake during a run leads to one more run directly after it, and never to two at a time', async () => {
    let active = 0;
    start(async () => {
      active += 1;
      expect(active).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      active -= 1;
      return 1_000;
    });
    await pass(50);
    poller.wake();
    poller.wake();
    await pass(49);
    expect(runs).toBe(1);
    await pass(1);
    expect(runs).toBe(2);
    await pass(200);
    expect(runs).toBe(2);
  });

  test('with a gap it collects what a wake during a run announced', async () => {
    start(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return 1_000;
      },
      { gapMs: 20 },
    );
    await pass(5);
    poller.wake();
    await pass(24);
    expect(runs).toBe(1);
    await pass(1);
    expect(runs).toBe(2);
    await pass(15); // the second run is over: no gap for a wake between runs
    poller.wake();
    await pass(0);
    expect(runs).toBe(3);
  });

  test('logs one line when runs begin to fail and one when they succeed again', async () => {
    let isAway = true;
    start(() => {
      if (isAway) throw storeErrors.database_away();
      return 1_000;
    });
    await pass(5_000);
    expect(log.lines).toEqual(['warn outbox relay failed, retrying: The database cannot be reached']);
    isAway = false;
    await pass(1_000);
    expect(log.lines.slice(1)).toEqual(['info outbox relay recovered']);
    await pass(5_000);
    expect(log.lines).toHaveLength(2);
  });

  test('waits half a second to a second after a failed run, however often it is woken', async () => {
    start(() => {
      throw new Error('broken');
    });
    for (let ms = 0; ms < 490; ms += 10) {
      poller.wake();
      await pass(10);
    }
    expect(runs).toBe(1);
    await pass(510);
    expect(runs).toBe(2);
  });

  test('a stop waits for the run in progress, aborts its signal, and starts no other', async () => {
    let finish: () => void = () => undefined;
    let aborted = false;
    start(async (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return 0;
    });
    await pass(0);
    let isStopped = false;
    const stopped = poller.stop().then(() => {
      isStopped = true;
    });
    await pass(60_000);
    expect([aborted, isStopped]).toEqual([true, false]);
    finish();
    await stopped;
    expect(runs).toBe(1);
  });

  test('a stop ends the wait after a failed run', async () => {
    start(() => {
      throw new Error('broken');
    });
    await pass(0);
    await poller.stop();
    expect(runs).toBe(1);
  });

  test('a stop with a time finishes the work that is left', async () => {
    start((signal) => (signal.aborted && runs < 10 ? 0 : 1_000));
    await pass(0);
    await poller.stop(3_000);
    expect(runs).toBe(10);
  });

  test('a stop with a time does not wait longer than that', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    start(() => promise);
    await pass(0);
    const stopped = poller.stop(300);
    await pass(300);
    await stopped;
    resolve(0);
    await pass(10_000);
    expect(runs).toBe(1);
  });
});
