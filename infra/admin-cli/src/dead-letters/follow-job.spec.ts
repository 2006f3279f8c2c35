import { expect, test } from 'vitest';
import type { ShopResponse } from '../shop-client.ts';
import type { Job } from './answers.ts';
import { runJob } from './follow-job.ts';

const running: Job = {
  ...{ id: 'j1', action: 'replay', state: 'running', total: 10, done: 4, failed: 0, failures: [] },
  ratePerSecond: 100,
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
