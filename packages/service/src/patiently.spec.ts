import { expect, test, vi } from 'vitest';
import { patiently } from './patiently.ts';

const failing = (times: number) => {
  let calls = 0;
  return async (): Promise<number> => {
    calls += 1;
    if (calls <= times) throw new Error('not up yet', { cause: new Error(`call ${calls}`) });
    return calls;
  };
};

test('what fails is done again, later each time, and the log says why', async () => {
  const log = { warn: vi.fn() };
  expect(await patiently('the broker', failing(2), { log })).toBe(3);
  expect(log.warn.mock.calls.flat()).toEqual([
    'the broker: not up yet: call 1; again in 100 ms',
    'the broker: not up yet: call 2; again in 200 ms',
  ]);
});

test('patience that is bounded ends with the last failure', async () => {
  const log = { warn: vi.fn() };
  await expect(patiently('the broker', failing(100), { log, ms: 400 })).rejects.toThrow('not up yet');
  expect(log.warn.mock.lastCall).toEqual(['the broker: not up yet: call 2; again in 200 ms']);
});

test('a failure that will not pass is thrown at once', async () => {
  const log = { warn: vi.fn() };
  const passes = (error: unknown) => !(error instanceof Error && error.message === 'not up yet');
  await expect(patiently('the broker', failing(1), { log, passes })).rejects.toThrow('not up yet');
  expect(log.warn).not.toHaveBeenCalled();
});
