import { type Log, messageOf } from '@emporium/bus';
import { type Poller, type Store, startPoller } from '@emporium/store';
import { findJob, type Job, updateJob } from '../store/jobs.ts';
import type { JobState, Tables } from '../store/tables.ts';
import type { BatchRunner } from './run-batch.ts';

/** A job that this instance runs. */
export type JobRun = Pick<Poller, 'wake' | 'stop'>;

export interface JobRunOptions {
  readonly store: Store<Tables>;
  readonly runBatch: BatchRunner;
  readonly log: Log;
  /** Of the instance that has the lease. */
  readonly instance: string;
  /** Called when the job has ended, or another instance has it. */
  readonly onEnd: () => void;
}

/** The waits for a broker that is away, in milliseconds, and the longest one. */
const firstWaitMs = 500;
const maxWaitMs = 15_000;
/** The wait for a dead letter that another replay has locked, as every batch of a job over the same ones does. It is no problem to log. */
const lockedMs = 500;
/** A paused job is woken when it may go on: this is for an instance that was not told. */
const pausedMs = 1_000;
/** A broker that refuses this many in a row, without being away, would refuse all of them. */
const maxRefusedInARow = 20;
/** Refusals of the broker, as opposed to dead letters that cannot be sent. */
const isRefusal = ({ code }: { readonly code: string }): boolean => code.startsWith('bus.');

/** Runs a job from where it is, batch after batch at its rate. */
export const startJobRun = (id: string, options: JobRunOptions): JobRun => {
  const { store, runBatch, log, instance, onEnd } = options;
  let nextAt = 0;
  let waits = 0;
  let refusedInARow = 0;

  const end = async (state: JobState, problem: string | null = null): Promise<undefined> => {
    await updateJob(store.db, id, { state, problem, ended_at: new Date() }, instance);
    return undefined;
  };

  const waitFor = async (problem: string): Promise<number> => {
    waits += 1;
    if (waits === 1) log.warn({ job: id }, `a job for dead letters waits: ${problem}`);
    return Math.min(maxWaitMs, firstWaitMs * 2 ** (waits - 1));
  };

  const handleNext = async (job: Job): Promise<number | undefined> => {
    const start = performance.now();
    const { outcome, everyMs } = await runBatch(job, waits > 0);
    if (outcome.interruption?.kind === 'locked') return lockedMs;
    if (outcome.interruption !== undefined) return waitFor(outcome.interruption.why);
    if (waits > 0) log.info({ job: id }, 'a job for dead letters goes on');
    waits = 0;
    const refused = outcome.failures.filter(isRefusal);
    refusedInARow = outcome.done > 0 ? 0 : refusedInARow + refused.length;
    if (refusedInARow >= maxRefusedInARow)
      return end('failed', `The broker refused ${refusedInARow} in a row. ${refused[0]?.why ?? ''}`);
    return Math.max(0, start + everyMs - performance.now());
  };

  /** Returns the milliseconds until the next batch; undefined when there is none. */
  const step = async (): Promise<number | undefined> => {
    const job = await findJob(store.db, id);
    if (job === undefined || job.ended_at !== null || job.leased_by !== instance) return undefined;
    if (job.state === 'stopping') return end('stopped');
    if (job.paused) return pausedMs;
    const early = nextAt - performance.now();
    if (early > 0) return early; // it was woken
    return handleNext(job).catch(async (error: unknown) => {
      const problem = messageOf(error);
      await updateJob(store.db, id, { problem }, instance);
      return waitFor(problem);
    });
  };

  const run = async (): Promise<number> => {
    const waitMs = await step();
    if (waitMs === undefined) {
      onEnd();
      void poller.stop(); // it stops after this run
      return maxWaitMs;
    }
    nextAt = performance.now() + waitMs;
    return waitMs;
  };
  const poller = startPoller({ name: 'job for dead letters', log, facts: { job: id }, run });
  return poller;
};
