import { currentUser, cursor, nextPage, pageLimit, problem, type Routes, readPage } from '@emporium/service';
import type { Store } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import type { JobRunner } from '../jobs/runner.ts';
import { recordAction } from '../store/audit.ts';
import {
  countSelected,
  countUnfinished,
  findJob,
  insertJob,
  listJobs,
  lockJob,
  updateJob,
} from '../store/jobs.ts';
import type { Tables } from '../store/tables.ts';
import { deadLetterJob, jobState, viewJob } from './job-view.ts';
import { config, hasFilter, manyFilter, noFilter, params, text } from './schemas.ts';

const ratePerSecond = z.int().min(1).max(10_000);
/** Each takes its turn on the database; more would only slow each other down. */
const maxUnfinished = 20;
/** Bounds the cost of a count. */
const maxTotal = 1_000_000;

const newJob = z
  .object({
    action: z.enum(['replay', 'discard']),
    ...manyFilter,
    ratePerSecond: ratePerSecond.default(100),
    /** Begins at one a second, then at 10, 100, … up to `ratePerSecond`. */
    growing: z.boolean().default(false),
    limit: z.int().min(1).max(maxTotal).default(maxTotal),
    /** Required to discard. */
    reason: text.optional(),
  })
  .refine(hasFilter, noFilter)
  .refine(({ action, reason }) => action !== 'discard' || reason !== undefined, {
    path: ['reason'],
    message: 'must be given to discard',
  })
  .meta({ examples: [{ action: 'replay', subscription: 'email.customers', ratePerSecond: 10 }] });

const jobChanges = z
  .object({ ratePerSecond: ratePerSecond.optional(), paused: z.boolean().optional() })
  .refine((body) => body.ratePerSecond !== undefined || body.paused !== undefined, {
    path: ['ratePerSecond'],
    message: 'must be given, or paused, or both',
  })
  .meta({ examples: [{ ratePerSecond: 10 }] });

const ended = 'The job has ended';
const noJob = () => problem(404, 'not-found', 'There is no such job.');
const jobEnded = (state: string) => problem(409, 'job-ended', `The job is ${state}.`);

export const jobRoutes =
  (store: Store<Tables>, runner: Pick<JobRunner, 'wake'>): Routes =>
  (server) => {
    server.post(
      '/api/admin/dead-letters/jobs',
      {
        config: {
          ...config,
          problems: { 409: 'Too many jobs are running', 422: 'No open dead letter matches the filter' },
        },
        schema: {
          summary:
            'Replay or discard the open dead letters that match, in the background and at a bounded rate',
          body: newJob,
          response: { 202: deadLetterJob },
        },
      },
      async (request, reply) => {
        const { action, ratePerSecond: rate, growing, limit, reason, ...filter } = request.body;
        const { userId } = currentUser(request);
        const id = uuid();
        const openedBefore = new Date();
        const { failedBefore: time, ...rest } = filter;
        const failedBefore = time === undefined ? undefined : new Date(time);
        const total = await countSelected(store.db, { ...rest, failedBefore, openedBefore }, limit);
        if (total === 0) throw problem(422, 'nothing-matches', 'No open dead letter matches the filter.');
        if ((await countUnfinished(store.db)) >= maxUnfinished)
          throw problem(409, 'too-many-jobs', `${maxUnfinished} jobs are running: stop one, or wait.`);
        await store.transaction(async ({ tx, now }) => {
          await insertJob(tx, {
            ...{
              id,
              action,
              filter: JSON.stringify(filter),
              reason: reason ?? null,
              rate,
              growing,
              total,
              state: 'running',
            },
            ...{ opened_before: openedBefore, requested_by: userId, requested_at: now },
          });
          const details = { ...filter, rate, total, reason };
          await recordAction(tx, { userId, action: `dead-letter.${action}-job`, target: id, details }, now);
        });
        runner.wake(id);
        return reply.code(202).send(await viewOf(id));
      },
    );

    server.get(
      '/api/admin/dead-letters/jobs',
      {
        config,
        schema: {
          summary: 'List replays and discards that run in the background, newest first',
          querystring: z.object({ state: jobState.optional(), before: cursor, limit: pageLimit(100, 20) }),
          response: { 200: z.object({ jobs: z.array(deadLetterJob), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => listJobs(store.db, { ...query, limit }),
          cursorOf: ({ id }) => id,
        });
        return { jobs: rows.map(viewJob), ...next };
      },
    );

    server.get(
      '/api/admin/dead-letters/jobs/:id',
      { config, schema: { summary: 'Get the progress of a job', params, response: { 200: deadLetterJob } } },
      async (request) => viewOf(request.params.id),
    );

    server.put(
      '/api/admin/dead-letters/jobs/:id',
      {
        config: { ...config, problems: { 409: ended } },
        schema: {
          summary: 'Change the rate of a running job, pause it or let it go on',
          params,
          body: jobChanges,
          response: { 200: deadLetterJob },
        },
      },
      async (request) => {
        const { ratePerSecond: rate, paused } = request.body;
        const changes = {
          ...(rate === undefined ? {} : { rate, growing: false }),
          ...(paused === undefined ? {} : { paused }),
        };
        const action = paused === undefined ? 'job-rate' : paused ? 'job-pause' : ('job-resume' as const);
        return change(request.params.id, changes, {
          ...currentUser(request),
          action: `dead-letter.${action}`,
        });
      },
    );

    server.post(
      '/api/admin/dead-letters/jobs/:id/stop',
      {
        config: { ...config, problems: { 409: ended } },
        schema: { summary: 'Stop a job after its current batch', params, response: { 200: deadLetterJob } },
      },
      async (request) => {
        const { userId } = currentUser(request);
        const changes = { state: 'stopping', stopped_by: userId } as const;
        return change(request.params.id, changes, { userId, action: 'dead-letter.job-stop' });
      },
    );

    const viewOf = async (id: string) => {
      const job = await findJob(store.db, id);
      if (job === undefined) throw noJob();
      return viewJob(job);
    };

    const change = async (
      id: string,
      changes: Parameters<typeof updateJob>[2],
      { userId, action }: { readonly userId: string; readonly action: string },
    ) => {
      await store.transaction(async ({ tx, now }) => {
        const job = await lockJob(tx, id);
        if (job === undefined) throw noJob();
        if (job.ended_at !== null) throw jobEnded(job.state);
        await updateJob(tx, id, changes);
        await recordAction(
          tx,
          { userId, action, target: id, details: { ...changes, growing: undefined } },
          now,
        );
      });
      runner.wake(id);
      return viewOf(id);
    };
  };
