import type { Job } from 'bullmq';
import type { Opener } from './opener.ts';
import type { Payload } from './payload.ts';

/**
 * `removed`: it never runs. `stopping`: it runs, or is part of a chain or group, and fails within moments. `finished`: too
 * late. `unknown`: there is no such task.
 */
export type Cancelled = 'removed' | 'stopping' | 'finished' | 'unknown';

export const cancelJob = async (opener: Opener, job: Job<Payload>, reason: string): Promise<Cancelled> => {
  const state = await job.getState();
  if (state === 'completed' || state === 'failed') return 'finished';
  if (state === 'unknown') return 'unknown';
  const inFlow = job.parent !== undefined || job.data.after !== undefined;
  if (!inFlow && state !== 'active' && (await removed(job))) return 'removed';
  // The worker that takes it, or has it, finds the mark.
  await job.updateData({ ...job.data, cancelled: reason });
  if (state === 'delayed') await job.promote().catch(() => undefined); // begun meanwhile
  if (state === 'waiting-children') await cancelChildren(opener, job.data, reason);
  return 'stopping';
};

/** Not when a worker took it a moment ago. */
const removed = (job: Job<Payload>): Promise<boolean> =>
  job.remove().then(
    () => true,
    () => false,
  );

const cancelChildren = async (opener: Opener, { after = [] }: Payload, reason: string): Promise<void> => {
  for (const { task, id } of after) {
    const queue = await opener.queue(task);
    const child = await queue.getJob(id);
    if (child !== undefined) await cancelJob(opener, child, reason);
  }
};
