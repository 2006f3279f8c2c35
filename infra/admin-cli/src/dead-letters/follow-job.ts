import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, call, type Invocation, type Outcome } from '../run-command.ts';
import type { ShopResponse } from '../shop-client.ts';
import { printable, table } from '../table.ts';
import type { Job } from './answers.ts';

const jobs = '/api/admin/dead-letters/jobs';
const pollMs = 500;
/** A service that is restarted is away for less than this. */
const patienceMs = 60_000;

/** Starts a job and prints its progress until it has ended. Ctrl-C stops the job. `failed` unless all of it was done. */
export const runJob = async (
  { client, json, print, signal }: Invocation,
  body: Readonly<Record<string, unknown>>,
): Promise<Outcome> => {
  const say = json ? () => undefined : print;
  let job = await call<Job>(client, 'POST', jobs, body);
  say(
    `job ${job.id}: to ${job.action} ${job.total} dead letters, ${job.ratePerSecond} a second; Ctrl-C stops it`,
  );
  let isStopping = false;
  for (let last = ''; job.endedAt === undefined; ) {
    await sleep(pollMs, undefined, isStopping ? {} : { signal }).catch(() => undefined); // interrupted
    if (signal.aborted && !isStopping) {
      isStopping = true;
      say('stopping the job');
      await stopJob(client, job.id);
    }
    job = await progressOf(client, job.id);
    const line = lineOf(job);
    if (line !== last) say(line);
    last = line;
  }
  if (json) print(JSON.stringify(job));
  else for (const line of summaryOf(job)) print(line);
  const { state, failed, stillOpen = 0 } = job;
  return state === 'finished' && failed === 0 && stillOpen === 0 ? 'done' : 'failed';
};

const lineOf = ({ total, done, failed, problem, endedAt }: Job): string =>
  [
    `${done} of ${total} done`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(problem === undefined || endedAt !== undefined ? [] : [`waiting: ${printable(problem)}`]),
  ].join(', ');

const summaryOf = (job: Job): string[] => {
  const { state, action, total, done, failed, failures, skipped = 0, stillOpen = 0, problem } = job;
  const counts = `${state}: ${done} of ${total} ${verbOf(action)}, ${failed} failed`;
  const left = stillOpen === 0 ? '' : `; ${stillOpen} are still open: run it again`;
  return [
    ...(failures.length === 0 ? [] : table(failures, columns)),
    state === 'finished'
      ? `${counts}, ${skipped} resolved by others${left}`
      : `${counts}; the others are open${problem === undefined ? '' : `. ${printable(problem)}`}`,
  ];
};

const verbOf = (action: Job['action']): string => (action === 'replay' ? 'replayed' : 'discarded');

type Failure = Job['failures'][number];
const columns = [
  { heading: 'failed', text: ({ count }: Failure) => String(count), alignRight: true },
  { heading: 'code', text: ({ code }: Failure) => code },
  { heading: 'reason', text: ({ detail }: Failure) => detail },
  { heading: 'example', text: ({ example }: Failure) => example },
];

const progressOf = async (client: Invocation['client'], id: string): Promise<Job> => {
  const response = await persistently(client, 'GET', `${jobs}/${id}`);
  if (response?.status !== 200)
    throw new CommandError(`the progress of the job ${id} cannot be read; it goes on without this command`);
  return response.body as Job; // the route answers so
};

const stopJob = async (client: Invocation['client'], id: string): Promise<void> => {
  const response = await persistently(client, 'POST', `${jobs}/${id}/stop`);
  const isStopping = response !== undefined && [200, 404, 409].includes(response.status); // or it has ended
  if (!isStopping) throw new CommandError(`the job ${id} could not be stopped; it goes on`);
};

/** Repeats a request while the shop is unavailable: a job goes on meanwhile. Undefined when the shop cannot be reached for long. */
const persistently = async (
  client: Invocation['client'],
  ...request: Parameters<Invocation['client']['request']>
): Promise<ShopResponse | undefined> => {
  for (const until = Date.now() + patienceMs; ; await sleep(pollMs)) {
    const response = await client.request(...request).catch(() => undefined);
    const isAway = response === undefined || response.status >= 500 || response.status === 429;
    if (!isAway || Date.now() > until) return response;
  }
};
