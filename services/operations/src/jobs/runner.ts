import type { LifecycleStage, Log } from '@emporium/service';
import { type Poller, type Store, startPoller } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { leaseJobs, releaseJobs } from '../store/jobs.ts';
import type { Tables } from '../store/tables.ts';
import { type JobRun, startJobRun } from './job-runs.ts';
import type { BatchRunner } from './run-batch.ts';

/** Runs jobs in the background. */
export interface JobRunner {
  readonly stage: LifecycleStage;
  /** A job is new, or was changed: do not wait for the next poll. */
  wake(id: string): void;
}

/** Also the time between two renewals of the leases; well below their duration. */
const pollMs = 1_000;

/**
 * Every unfinished job is run by one instance, under a lease. An instance that was killed loses its leases after ten seconds, and one
 * that drains at once: then another goes on, or the next start.
 */
export const createJobRunner = (store: Store<Tables>, runBatch: BatchRunner, log: Log): JobRunner => {
  const instance = `${process.pid}:${uuid()}`;
  const runs = new Map<string, JobRun>();
  let poller: Poller | undefined;

  const lease = async (): Promise<number> => {
    for (const id of await leaseJobs(store.db, instance)) {
      if (runs.has(id)) continue;
      runs.set(id, startJobRun(id, { store, runBatch, log, instance, onEnd: () => void runs.delete(id) }));
    }
    return pollMs;
  };

  return {
    stage: {
      name: 'jobs for dead letters',
      start: () => {
        const started = startPoller({ name: 'jobs for dead letters', log, run: lease });
        poller = started;
        return async () => {
          await started.stop();
          await Promise.all([...runs.values()].map((each) => each.stop()));
          await releaseJobs(store.db, instance);
        };
      },
    },
    wake: (id) => {
      runs.get(id)?.wake();
      poller?.wake();
    },
  };
};
