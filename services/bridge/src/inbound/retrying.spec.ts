import { busErrors, permanent } from '@emporium/bus';
import { expect, test } from 'vitest';
import { createRetrying } from './retrying.ts';

const never = new AbortController().signal;

const lines: string[] = [];
const line = (_: object, text: string) => void lines.push(text);
const log = { info: line, warn: line, error: line };

/** Retries without waiting. */
const retrying = () => createRetrying('queue', log, () => Promise.resolve());

/** Work that fails with each of these in turn, and then succeeds. */
const failingWith = (...errors: readonly unknown[]) => {
  const left = [...errors];
  return async () => {
    if (left.length > 0) throw left.shift();
    return 'committed';
  };
};

const outages = (count: number) => Array.from({ length: count }, () => busErrors.broker_away());
const failures = (count: number) => Array.from({ length: count }, () => new Error('conflict'));

test.each([1, 7, 20])('after an outage of %i rounds a conflict is tried again', async (rounds) => {
  const work = failingWith(...outages(rounds), ...failures(1));
  expect(await retrying().run(work, never)).toEqual({ kind: 'done', result: 'committed' });
});

test('a failure that is no outage is tried eight times, also after an outage', async () => {
  expect(await retrying().run(failingWith(...failures(7)), never)).toMatchObject({ kind: 'done' });
  expect(await retrying().run(failingWith(...failures(8)), never)).toMatchObject({ kind: 'failed' });
  const late = failingWith(...outages(20), ...failures(8));
  expect(await retrying().run(late, never)).toMatchObject({ kind: 'failed' });
});

test('the sender is told that it failed, and the log why', async () => {
  lines.length = 0;
  const failed = await retrying().run(failingWith(permanent('column "secret" is missing')), never);
  expect(failed).toEqual({ kind: 'failed', reason: 'the message could not be processed' });
  expect(lines).toEqual([expect.stringContaining('column "secret" is missing')]);
});
