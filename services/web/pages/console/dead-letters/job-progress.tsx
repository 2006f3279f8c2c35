import type { JSX } from 'preact';
import { Ago } from '../../shared/components.tsx';
import { Person } from '../people/person.tsx';
import type { Job } from './dead-letter.ts';

/** `replay of email.welcome` */
const textOf = ({ action, filter }: Job): string => {
  const { subscription, type, code, group } = filter;
  const of = [subscription, type, code, group === undefined ? undefined : `group ${group.slice(0, 6)}`];
  return `${action} of ${of.filter((each) => each !== undefined).join(', ') || 'dead letters'}`;
};

const stateOf = ({ state, paused }: Job): string =>
  paused === true && state === 'running' ? 'paused' : state;

const lookOfJob = (job: Job): string =>
  ({ finished: 'good', failed: 'bad', stopped: 'warn', stopping: 'warn', paused: 'warn' })[stateOf(job)] ??
  '';

/** What a job does, how far it is and who began it. */
export const JobProgress = ({ job }: { readonly job: Job }): JSX.Element => {
  const { id, total, done, failed, requestedBy, requestedAt, ratePerSecond, growing, endedAt } = job;
  const rate = growing?.ratePerSecond ?? ratePerSecond;
  return (
    <div class="job">
      <a href={`/console/dead-letters/jobs/${id}`}>{textOf(job)}</a>
      <span class={`badge ${lookOfJob(job)}`}>{stateOf(job)}</span>
      <progress aria-label={`Progress of the ${textOf(job)}`} value={done + failed} max={total} />
      <span>
        {done} of {total}
        {failed > 0 ? `, ${failed} could not be` : ''}
        {endedAt === undefined ? `, ${rate} a second${growing === undefined ? '' : ' and growing'}` : ''}
      </span>
      <span class="soft small">
        by <Person id={requestedBy} /> <Ago at={requestedAt} />
      </span>
    </div>
  );
};
