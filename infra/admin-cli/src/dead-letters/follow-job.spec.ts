import { expect, test } from 'vitest';
import type { ShopResponse } from '../shop-client.ts';
import type { Job } from './answers.ts';
import { runJob } from './follow-job.ts';

const running: Job = {
  ...{ id: 'j1', action: 'replay', state: 'running', total: 10, done: 4, failed: 0, failures: [] },
  ...{ ratePerSecond: 100, requestedAt: '2026-11-29T14:00:03.123Z' },
};
const finished: Job = { ...running, state: 'finished', done: 10, skipped: 0, stillOpen: 0, endedAt: 'now' };

/** Runs a job in a shop that answers this to `GET` and to `POST …/stop`. */
const run = async (read: () => ShopResponse, stop?: () => ShopResponse) => {
  const lines: string[] = [];
  const outcome = await runJob(
    {
      ...{ positionals: [], values: {}, json: false },
      signal: stop === undefined ? new AbortController().signal : AbortSignal.abort(),
      print: (line) => void lines.push(line),
      client: {
        request: async (method, path) => {
          if (method === 'GET') return read();
          return path.endsWith('/stop') && stop !== undefined ? stop() : { status: 202, body: running };
        },
      },
    },
    {},
  );
  return { outcome, lines };
};
const answering = (job: Job) => (): ShopResponse => ({ status: 200, body: job });

test('is done when the job is finished, and says what others have resolved', async () => {
  const { outcome, lines } = await run(answering({ ...finished, done: 7, skipped: 3 }));
  expect([outcome, lines.at(-1)]).toEqual([
    'done',
    'finished: 7 of 10 replayed, 0 failed, 3 resolved by others',
  ]);
});

test('is failed when some of them are still open', async () => {
  const { outcome, lines } = await run(answering({ ...finished, done: 8, skipped: 0, stillOpen: 2 }));
  expect([outcome, lines.at(-1)]).toEqual([
    'failed',
    'finished: 8 of 10 replayed, 0 failed, 0 resolved by others; 2 are still open: run it again',
  ]);
});

/** Answers one after the other. */
const inTurn = (...statuses: number[]) => {
  const asked: number[] = [];
  return {
    asked,
    stop: (): ShopResponse => {
      const status = statuses[asked.length] ?? 500;
      asked.push(status);
      return { status, body: {} };
    },
  };
};

test('repeats the stop while the shop is unavailable or busy', async () => {
  const { asked, stop } = inTurn(503, 429, 200);
  const job = () =>
    answering({ ...running, ...(asked.at(-1) === 200 ? { state: 'stopped', endedAt: 'now' } : {}) })();
  const { outcome, lines } = await run(job, stop);
  expect([outcome, asked]).toEqual(['failed', [503, 429, 200]]);
  expect(lines.at(-1)).toBe('stopped: 4 of 10 replayed, 0 failed; the others are open');
});

test.each([404, 409])(
  'a job that ended before it could be stopped (%d) is reported as it ended',
  async (status) => {
    const { outcome } = await run(answering(finished), inTurn(status).stop);
    expect(outcome).toBe('done');
  },
);

test('says so when the job could not be stopped', async () => {
  await expect(run(answering(finished), inTurn(401).stop)).rejects.toMatchObject({
    ...{ exitCode: 1, message: 'the job j1 could not be stopped; it goes on' },
  });
});
