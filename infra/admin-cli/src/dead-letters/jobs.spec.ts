import { expect, test } from 'vitest';
import type { Job } from './answers.ts';
import { jobs, stop } from './jobs.ts';

const job: Job = {
  ...{ id: 'j1', action: 'replay', state: 'running', total: 10, done: 4, failed: 1, failures: [] },
  ...{ ratePerSecond: 100, requestedAt: '2026-11-29T14:00:03.123Z' },
};

const run = async ({ run }: typeof jobs, body: unknown, positionals: string[] = [], status = 200) => {
  const lines: string[] = [];
  const requests: unknown[] = [];
  const outcome = await run({
    ...{ positionals, values: { state: 'running' }, json: false, signal: new AbortController().signal },
    print: (line) => void lines.push(line),
    client: {
      request: async (...request) => {
        requests.push(request);
        return { status, body };
      },
    },
  });
  return { outcome, lines, requests };
};

test('lists jobs as a table, and says that there are more', async () => {
  expect(await run(jobs, { jobs: [job], next: '/next' })).toEqual({
    outcome: 'done',
    requests: [['GET', '/api/admin/dead-letters/jobs?state=running']],
    lines: [
      'id  action  state    done  failed  of  a second  requested            problem',
      'j1  replay  running     4       1  10       100  2026-11-29T14:00:03',
      'there are more: --limit shows up to 100',
    ],
  });
});

test('stops one, and refuses with the reason when it has ended', async () => {
  expect(await run(stop, { ...job, state: 'stopping' }, ['j1'])).toEqual({
    outcome: 'done',
    requests: [['POST', '/api/admin/dead-letters/jobs/j1/stop']],
    lines: ['job j1 is stopping: 4 of 10 done'],
  });
  await expect(run(stop, { detail: 'The job is finished.' }, ['j1'], 409)).rejects.toMatchObject({
    ...{ exitCode: 1, message: 'The job is finished.' },
  });
});
