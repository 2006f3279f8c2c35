import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sharedFor } from './shared-for.ts';

const counted = (ms: number, work: (run: number) => Promise<number>) => {
  let runs = 0;
  return sharedFor(ms, () => {
    runs += 1;
    return work(runs);
  });
};

test('callers at the same time share one run, and the next caller begins another', async () => {
  const read = counted(0, async (run) => {
    await sleep(1);
    return run;
  });
  expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
  expect(await read()).toBe(2);
});

test('a result is kept for the given time', async () => {
  const read = counted(60_000, async (run) => run);
  expect([await read(), await read()]).toEqual([1, 1]);
});

test('a failure is not kept', async () => {
  const read = counted(60_000, async (run) => {
    if (run === 1) throw new Error('away');
    return run;
  });
  await expect(read()).rejects.toThrow('away');
  expect(await read()).toBe(2);
});
