import type { JSX } from 'preact';
import { Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { query } from '../../shared/router.ts';
import { api, type Job } from './dead-letter.ts';
import './dead-letters.css';
import { JobProgress } from './job-progress.tsx';
import { NextPage } from './next-page.tsx';

interface Jobs {
  readonly jobs: readonly Job[];
  readonly next?: string;
}

export const JobsPage = (): JSX.Element => {
  const before = query.value.get('before') ?? '';
  const search = new URLSearchParams({ limit: '50', ...(before && { before }) });
  const { state, reload } = useResource<Jobs>(`${api}/jobs?${search}`, 2_000);
  return (
    <>
      <p class="small">
        <a href="/console/dead-letters">Dead letters</a>
      </p>
      <h1>Jobs for dead letters</h1>
      <Shown of={state.value} what="the jobs" retry={reload}>
        {({ jobs, next }) => (
          <>
            {jobs.length === 0 ? <p class="soft">There were none.</p> : null}
            {jobs.map((job) => (
              <JobProgress key={job.id} job={job} />
            ))}
            <NextPage next={next} />
          </>
        )}
      </Shown>
    </>
  );
};
