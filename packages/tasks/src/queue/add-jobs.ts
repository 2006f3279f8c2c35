import { Job, type JobsOptions } from 'bullmq';
import type { BullQueue } from './opener.ts';
import type { Payload } from './payload.ts';

/** A task in the form of BullMQ. */
export interface NewJob {
  readonly name: string;
  readonly data: Payload;
  readonly opts: JobsOptions;
}

/**
 * Adds all jobs or none, as one request, and returns their ids in order. A single job is added directly. A few jobs are added as
 * flows of one job each: on PostgreSQL that costs a tenth of a bulk.
 */
export const addJobs = async (
  queue: BullQueue,
  jobs: readonly NewJob[],
  bulkFrom: number,
): Promise<(string | undefined)[]> => {
  const [only] = jobs;
  if (only !== undefined && jobs.length === 1) return [(await queue.add(only.name, only.data, only.opts)).id];
  if (jobs.length >= bulkFrom) return (await queue.addBulk([...jobs])).map(({ id }) => id);
  const entries = jobs.map(({ name, data, opts }) =>
    new Job(queue, name, data, opts, opts.jobId).toFlowEntry(),
  );
  const results = (await queue.getBackend().addFlow(entries)) ?? [];
  return entries.map((_, index) => {
    const [error, id] = results[index] ?? [new Error('the queue returned no result for a task'), undefined];
    if (error) throw error; // FlowProducer.addBulk ignores it
    return String(id);
  });
};
