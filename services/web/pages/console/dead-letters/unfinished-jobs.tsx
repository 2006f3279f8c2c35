import type { JSX } from 'preact';
import { useResource } from '../../shared/resource.ts';
import { api, type Job } from './dead-letter.ts';
import { JobProgress } from './job-progress.tsx';

/** The jobs that are in progress, so that nobody starts a second one. */
export const UnfinishedJobs = (): JSX.Element | null => {
  const { state } = useResource<{ jobs: readonly Job[] }>(`${api}/jobs?limit=20`, 2_000);
  const jobs = state.value.kind === 'ready' ? state.value.value.jobs : [];
  const unfinished = jobs.filter(({ endedAt }) => endedAt === undefined);
  if (jobs.length === 0) return null;
  return (
    <section aria-label="Jobs" class="jobs-in-progress">
      {unfinished.map((job) => (
        <JobProgress key={job.id} job={job} />
      ))}
      <p class="small">
        <a href="/console/dead-letters/jobs">All jobs</a>
      </p>
    </section>
  );
};
