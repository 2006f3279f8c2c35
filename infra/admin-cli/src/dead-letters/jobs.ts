import { call, type Subcommand } from '../run-command.ts';
import { table } from '../table.ts';
import type { Job } from './answers.ts';
import { queryOf } from './filters.ts';
import { shortened } from './shortened.ts';

const path = '/api/admin/dead-letters/jobs';

export const jobs: Subcommand = {
  usage: 'jobs [--state running|stopping|stopped|finished|failed] [--limit n]',
  summary: 'lists replays and discards of many, the newest first',
  options: { state: { type: 'string' }, limit: { type: 'string' } },
  run: async ({ values, json, client, print }) => {
    const page = await call<{ jobs: readonly Job[]; next?: string }>(
      client,
      'GET',
      `${path}?${queryOf(values)}`,
    );
    if (json) print(JSON.stringify(page));
    else {
      for (const line of table(page.jobs, columns)) print(line);
      if (page.next !== undefined) print('there are more: --limit shows up to 100');
    }
    return 'done';
  },
};

export const stop: Subcommand = {
  usage: 'stop <job>',
  summary: 'stops one after its current batch',
  positionals: { min: 1, max: 1 },
  run: async ({ positionals: [id = ''], json, client, print }) => {
    const job = await call<Job>(client, 'POST', `${path}/${encodeURIComponent(id)}/stop`);
    print(json ? JSON.stringify(job) : `job ${job.id} is ${job.state}: ${job.done} of ${job.total} done`);
    return 'done';
  },
};

const columns = [
  { heading: 'id', text: ({ id }: Job) => id },
  { heading: 'action', text: ({ action }: Job) => action },
  { heading: 'state', text: ({ state }: Job) => state },
  { heading: 'done', text: ({ done }: Job) => String(done), alignRight: true },
  { heading: 'failed', text: ({ failed }: Job) => String(failed), alignRight: true },
  { heading: 'of', text: ({ total }: Job) => String(total), alignRight: true },
  { heading: 'a second', text: ({ ratePerSecond }: Job) => String(ratePerSecond), alignRight: true },
  { heading: 'requested', text: ({ requestedAt }: Job) => requestedAt.slice(0, 19) },
  { heading: 'problem', text: ({ problem = '' }: Job) => shortened(problem, 60) },
];
