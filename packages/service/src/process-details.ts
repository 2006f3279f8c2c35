import { readGauges } from '@emporium/telemetry';
import { z } from 'zod';
import type { Health } from './health.ts';
import { release } from './log-fields.ts';
import { loggedError, recentErrors } from './recent-errors.ts';
import { sharedFor } from './shared-for.ts';

const check = z.union([
  z.object({ status: z.literal('ok') }),
  z.object({ status: z.enum(['degraded', 'failed']), reason: z.string() }),
  z.object({ status: z.literal('paused'), since: z.iso.datetime(), by: z.string(), reason: z.string() }),
]);

const figure = z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() });

/** What `/health/details` answers. */
export const processDetails = z.object({
  version: z.string(),
  /** RFC 3339. */
  startedAt: z.iso.datetime(),
  status: z.enum(['ready', 'degraded', 'not-ready']),
  checks: z.record(z.string(), check),
  /** Values of the process's metrics, with their names and labels; see docs/metrics.md. */
  figures: z.array(figure),
  /** The last errors in its log, the newest first. */
  errors: z.array(loggedError),
});
export type ProcessDetails = z.output<typeof processDetails>;

/** Without figures nothing is read but what `/health/ready` reads. Never rejects, and takes at most 1.5 s. */
export type DetailsReader = (options: { readonly figures: boolean }) => Promise<ProcessDetails>;

/** The gauges of what waits and of what is behind. */
const gauges = [
  'emporium_outbox_messages',
  'emporium_outbox_oldest_age_seconds',
  'emporium_task_outbox_tasks',
  'emporium_task_outbox_oldest_age_seconds',
  'emporium_queue_messages',
  'emporium_queue_oldest_age_seconds',
  'emporium_dead_letters',
  'emporium_sagas_overdue',
  'emporium_projection_lag_events',
  'emporium_projection_lag_seconds',
  'emporium_tasks',
];

/** More than the shop has; an answer stays below 256 KiB. */
const maxFigures = 1_000;
const timeoutMs = 1_500;
const keptMs = 1_000;

/** What a process knows about itself: its checks, how far it is behind, and its last errors. */
export const createProcessDetails = (health: Health): DetailsReader => {
  const startedAt = new Date(performance.timeOrigin).toISOString();
  const readFigures = sharedFor(keptMs, () => within(timeoutMs, readGauges(gauges)));
  return async ({ figures }) => {
    const [readiness, read] = await Promise.all([health.readiness(), figures ? readFigures() : []]);
    return {
      version: release,
      startedAt,
      ...readiness,
      figures: read.slice(0, maxFigures),
      errors: [...recentErrors()],
    };
  };
};

/** Nothing when the figures cannot be read in this time: an old or missing one is better left out. */
const within = async <Item>(ms: number, read: Promise<readonly Item[]>): Promise<readonly Item[]> => {
  const { promise: none, resolve } = Promise.withResolvers<readonly Item[]>();
  const timer = setTimeout(resolve, ms, []);
  try {
    return await Promise.race([read, none]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
};
