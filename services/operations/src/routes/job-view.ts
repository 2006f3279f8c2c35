import { z } from 'zod';
import { rateOf } from '../domain/pace.ts';
import { failedCount, remainingOf } from '../jobs/progress.ts';
import type { Job } from '../store/jobs.ts';

export const jobState = z.enum(['running', 'stopping', 'stopped', 'finished', 'failed']);

export const deadLetterJob = z.object({
  id: z.string(),
  action: z.enum(['replay', 'discard']),
  filter: z.record(z.string(), z.string()),
  /** `failed`: it gave up, because of `problem`. */
  state: jobState,
  /** A running job that handles nothing for now. */
  paused: z.literal(true).optional(),
  /** The dead letters that matched when it was requested. */
  total: z.int(),
  done: z.int(),
  /** Those that stay open, and why. */
  failed: z.int(),
  failures: z.array(z.object({ code: z.string(), count: z.int(), detail: z.string(), example: z.string() })),
  /** When it is finished: those that were replayed or discarded by others. */
  skipped: z.int().optional(),
  /** When it is finished: those that are open, although it did not fail on them. */
  stillOpen: z.int().optional(),
  ratePerSecond: z.int(),
  /** It began at one a second: this is the rate of now, and `ratePerSecond` the highest. */
  growing: z.object({ ratePerSecond: z.int() }).optional(),
  /** What it waits for, such as the broker, or why it gave up. */
  problem: z.string().optional(),
  /** Of a discard. */
  reason: z.string().optional(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  stoppedBy: z.string().optional(),
  endedAt: z.string().optional(),
});

export const viewJob = (job: Job): z.input<typeof deadLetterJob> => {
  const failed = failedCount(job.failures);
  const stillOpen = job.still_open ?? 0;
  return {
    id: job.id,
    action: job.action,
    filter: Object.fromEntries(Object.entries(job.filter).map(([name, value]) => [name, String(value)])),
    state: job.state,
    ...(job.paused && job.ended_at === null ? { paused: true as const } : {}),
    total: job.total,
    done: job.done,
    failed,
    failures: Object.entries(job.failures).map(([code, failure]) => ({ code, ...failure })),
    ...(job.state === 'finished' ? { skipped: Math.max(0, remainingOf(job) - stillOpen), stillOpen } : {}),
    ratePerSecond: job.rate,
    ...(job.growing ? { growing: { ratePerSecond: rateOf(job) } } : {}),
    ...(job.problem === null ? {} : { problem: job.problem }),
    ...(job.reason === null ? {} : { reason: job.reason }),
    requestedBy: job.requested_by,
    requestedAt: job.requested_at.toISOString(),
    ...(job.stopped_by === null ? {} : { stoppedBy: job.stopped_by }),
    ...(job.ended_at === null ? {} : { endedAt: job.ended_at.toISOString() }),
  };
};
