import { Job, type JobsOptions } from 'bullmq';
import type { BullQueue } from './opener.ts';
import type { Payload } from './payload.ts';

/** A task as BullMQ takes it. */
export interface NewJob {
  readonly name: string;
  readonly data: Payload;
  readonly opts: JobsOptions;
}

/**
 * Adds all of them or none, as one request, and gives their ids in their order. One by itself goes the shortest way. A few go the way
 * of flows, each being one by itself: on PostgreSQL that costs a tenth of the bulk.
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
    const [error, id] = results[index] ?? [
      new Error('the queue did not say what became of a task'),
      undefined,
    ];
    if (error) throw error; // FlowProducer.addBulk passes over it
    return String(id);
  });
};
