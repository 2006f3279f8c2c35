import { setTimeout as sleep } from 'node:timers/promises';
import { applyTopology } from '@emporium/launcher';
import { createTokenIssuer, privateKeyFromText } from '@emporium/service';
import pg from 'pg';
import { v7 as uuid } from 'uuid';
import type { Figure } from './report/report.ts';
import { startServiceProcess } from './service-process.ts';

const subscription = 'email.customers';
const inJobs = 20_000;
const single = 500;
const bodyBytes = 400;
/** The highest rate of a job: it does not limit this one. */
const ratePerSecond = 10_000;

interface DeadLetterPage {
  readonly deadLetters: readonly { readonly id: string }[];
}

interface Job {
  readonly id: string;
  readonly state: string;
  readonly done: number;
}

/** Dead letters a second that are replayed by their id, one request after the other, and by a job. Nobody consumes them. */
export const benchReplay = async (servers: {
  readonly databaseUrl: string;
  readonly busUrl: string;
}): Promise<readonly Figure[]> => {
  const { databaseUrl, busUrl } = servers;
  await applyTopology({ busUrl, streamUrl: busUrl });
  const operations = await startServiceProcess('operations', { databaseUrl, busUrl });
  try {
    const request = await administratorOf(operations);
    await fill(databaseUrl, single);
    const singleRate = await replayEach(request);
    await fill(databaseUrl, inJobs);
    const jobRate = await replayAll(request);
    return [
      { what: 'replayed with a request for each', unit: '/s', value: singleRate },
      { what: 'replayed by a job', unit: '/s', value: jobRate },
    ];
  } finally {
    await operations.stop();
  }
};

type Send = <Body>(method: 'GET' | 'POST', path: string, body?: object) => Promise<Body>;

const administratorOf = async ({
  address,
  privateKey,
}: {
  readonly address: string;
  readonly privateKey: string;
}): Promise<Send> => {
  const key = privateKeyFromText(privateKey);
  if (key === undefined) throw new Error('the generated key is invalid');
  const { token } = await createTokenIssuer(key).issue({ userId: uuid(), role: 'administrator' });
  return async <Body>(method: 'GET' | 'POST', path: string, body?: object): Promise<Body> => {
    const response = await fetch(`${address}/api/admin/dead-letters${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
    return (await response.json()) as Body; // the routes answer so
  };
};

/** Open dead letters of as many keys. */
const fill = async (databaseUrl: string, count: number): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `insert into dead_letter (id, subscription, message_id, type, key, body, code, reason, attempts, failed_at, times, status,
        received_at, group_id, fingerprint)
      select overlay($1::text placing lpad(n::text, 12, '0') from 25), $2, $1 || n, 'user.registered', 'key-' || n,
        convert_to(repeat('x', $3), 'UTF8'), 'bench.failed', 'x', 1, now(), 1, 'open', now(), repeat('0', 16), 'x'
      from generate_series(1, $4::integer) as n`,
      [uuid(), subscription, bodyBytes, count],
    );
    await client.query('analyze');
  } finally {
    await client.end();
  }
};

const replayEach = async (send: Send): Promise<number> => {
  const query = `?subscription=${subscription}&status=open&limit=${single}`;
  const { deadLetters } = await send<DeadLetterPage>('GET', query);
  const start = performance.now();
  for (const { id } of deadLetters) await send('POST', `/${id}/replay`);
  return perSecond(deadLetters.length, start);
};

const replayAll = async (send: Send): Promise<number> => {
  const start = performance.now();
  let job = await send<Job>('POST', '/jobs', { action: 'replay', subscription, ratePerSecond });
  while (job.state === 'running') {
    await sleep(50);
    job = await send<Job>('GET', `/jobs/${job.id}`);
  }
  if (job.done !== inJobs) throw new Error(`the job is ${job.state}: ${job.done} of ${inJobs}`);
  return perSecond(inJobs, start);
};

const perSecond = (count: number, start: number): number => (count / (performance.now() - start)) * 1_000;
