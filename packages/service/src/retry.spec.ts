import { expect, test, vi } from 'vitest';
import { retryUntilSuccess } from './retry.ts';

const failing = (times: number) => {
  let calls = 0;
  return async (): Promise<number> => {
    calls += 1;
    if (calls <= times) throw new Error('not up yet', { cause: new Error(`call ${calls}`) });
    return calls;
  };
};

const createLog = () => {
  const lines: unknown[] = [];
  const note = (line: unknown) => void lines.push(line);
  return { lines, log: { info: vi.fn(note), warn: vi.fn(note) } };
};

test('retries, and logs each new reason once and the success at the end', async () => {
  const { log, lines } = createLog();
  const reasons = ['refused', 'refused', 'refused', 'is starting up', 'is starting up'];
  const work = async () => {
    const reason = reasons.shift();
    if (reason !== undefined) throw new Error(reason);
    return 'done';
  };
  vi.useFakeTimers();
  const done = retryUntilSuccess('waiting for the broker', work, { log });
  await vi.runAllTimersAsync();
  vi.useRealTimers();
  expect(await done).toBe('done');
  expect(lines).toEqual([
    'waiting for the broker: refused; trying again until it succeeds',
    'waiting for the broker: is starting up; trying again until it succeeds',
    'waiting for the broker: succeeded',
  ]);
});

test('an aborted signal ends the wait with its reason', async () => {
  const { log } = createLog();
  const stopping = new AbortController();
  const waiting = retryUntilSuccess('waiting for the broker', failing(100), { log, signal: stopping.signal });
  setTimeout(() => stopping.abort(new Error('stopped by SIGTERM')), 250);
  const before = performance.now();
  await expect(waiting).rejects.toThrow('stopped by SIGTERM');
  expect(performance.now() - before).toBeLessThan(1_000);
});

test('throws the last failure at the end of its timeout', async () => {
  const { log } = createLog();
  await expect(retryUntilSuccess('the broker', failing(100), { log, timeoutMs: 400 })).rejects.toThrow(
    'not up yet',
  );
});

test('throws a permanent failure at once', async () => {
  const { log } = createLog();
  const isTransient = (error: unknown) => !(error instanceof Error && error.message === 'not up yet');
  await expect(retryUntilSuccess('the broker', failing(1), { log, isTransient })).rejects.toThrow(
    'not up yet',
  );
  expect(log.warn).not.toHaveBeenCalled();
});
