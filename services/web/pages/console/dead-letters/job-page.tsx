import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { Ago, Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { AuditTrail } from './audit-trail.tsx';
import { api, type Group, type Job } from './dead-letter.ts';
import './dead-letters.css';
import { Person } from '../people/person.tsx';
import { JobProgress } from './job-progress.tsx';
import { messageOf } from './message-of.ts';
import { rates } from './new-job.tsx';

export const JobPage = ({ id }: { readonly id: string }): JSX.Element => {
  const path = `${api}/jobs/${encodeURIComponent(id)}`;
  const { state, reload } = useResource<Job>(path, 1_000);
  return (
    <Shown of={state.value} what="the job" retry={reload}>
      {(job) => (
        <>
          <p class="small">
            <a href="/console/dead-letters/jobs">All jobs</a>
          </p>
          <h1>
            {job.action === 'replay' ? 'Replay' : 'Discard'} of {job.total} dead letters
          </h1>
          <div aria-live="polite">
            <JobProgress job={job} />
          </div>
          {job.problem === undefined ? null : (
            <p class={`notice ${job.state === 'failed' ? 'bad' : 'warn'}`} dir="auto">
              {job.problem}
            </p>
          )}
          <Facts job={job} />
          {job.endedAt === undefined ? <Controls job={job} path={path} done={reload} /> : null}
          {job.failures.length === 0 ? null : <Failures job={job} />}
          <AuditTrail
            target={job.id}
            version={`${job.state}${job.paused}${job.ratePerSecond}${job.growing}`}
          />
        </>
      )}
    </Shown>
  );
};

const Facts = ({ job }: { readonly job: Job }): JSX.Element => {
  const { filter, skipped, stillOpen, stoppedBy, endedAt, reason } = job;
  const list = `/console/dead-letters/list?${new URLSearchParams(filter)}`;
  return (
    <>
      <p>
        <a href={list}>What it handles</a>:{' '}
        {Object.entries(filter)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}
        {endedAt === undefined ? null : (
          <>
            . Ended <Ago at={endedAt} />
          </>
        )}
        {stoppedBy === undefined ? null : (
          <>
            , stopped by <Person id={stoppedBy} />
          </>
        )}
        .
      </p>
      {reason === undefined ? null : (
        <p>
          Reason: <q dir="auto">{reason}</q>
        </p>
      )}
      {(skipped ?? 0) > 0 ? <p>{skipped} were handled by others in the meantime.</p> : null}
      {(stillOpen ?? 0) > 0 ? <p>{stillOpen} arrived while it passed them: a second job has them.</p> : null}
      {filter['group'] === undefined ? null : <FailedAgain group={filter['group']} />}
    </>
  );
};

/** Sent is not handled: what comes back is counted while the job runs. */
const FailedAgain = ({ group }: { readonly group: string }): JSX.Element | null => {
  const { state } = useResource<{ groups: readonly Group[] }>(
    `${api}/groups?group=${encodeURIComponent(group)}`,
    2_000,
  );
  const found = state.value.kind === 'ready' ? state.value.value.groups[0] : undefined;
  if (found === undefined || found.failedAgain === 0) return null;
  return (
    <p class="notice warn" role="status">
      {found.failedAgain} of this group were replayed and <strong>failed again</strong>.
    </p>
  );
};

interface ControlsProps {
  readonly job: Job;
  readonly path: string;
  readonly done: () => void;
}

const Controls = ({
  job: { state, paused, ratePerSecond, growing },
  path,
  done,
}: ControlsProps): JSX.Element => {
  const message = useSignal('');
  const send = async (method: 'PUT' | 'POST', at: string, body?: unknown): Promise<void> => {
    const answer = await request(at, { method, ...(body === undefined ? {} : { body }) });
    message.value = answer.kind === 'ok' ? '' : messageOf(answer);
    done();
  };
  const isStopping = state === 'stopping';
  return (
    <section aria-labelledby="controls">
      <h2 id="controls">Control it</h2>
      <p class="actions">
        <button
          type="button"
          disabled={isStopping}
          onClick={() => void send('PUT', path, { paused: paused !== true })}
        >
          {paused === true ? 'Go on' : 'Pause'}
        </button>
        <button
          type="button"
          class="danger"
          disabled={isStopping}
          onClick={() => void send('POST', `${path}/stop`)}
        >
          Stop
        </button>
      </p>
      <fieldset class="actions" aria-label="Rate a second">
        {rates.map((rate) => (
          <button
            key={rate}
            type="button"
            disabled={isStopping}
            aria-pressed={growing === undefined && rate === ratePerSecond}
            onClick={() => void send('PUT', path, { ratePerSecond: rate })}
          >
            {rate} a second
          </button>
        ))}
      </fieldset>
      <p role="alert">{message.value}</p>
    </section>
  );
};

const Failures = ({ job: { failures } }: { readonly job: Job }): JSX.Element => (
  <>
    <h2>Could not be handled</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Why</th>
          <th scope="col" class="number">
            How many
          </th>
          <th scope="col">Example</th>
        </tr>
      </thead>
      <tbody>
        {failures.map(({ code, count, detail, example }) => (
          <tr key={code}>
            <td>
              <bdi>{detail}</bdi> <span class="soft small">{code}</span>
            </td>
            <td class="number">{count}</td>
            <td>
              <a href={`/console/dead-letters/${example}`}>{example.slice(-8)}</a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </>
);
