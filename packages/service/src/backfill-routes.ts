import type { ServiceName } from '@emporium/contracts';
import type { BackfillProgress, Backfills } from '@emporium/store';
import { z } from 'zod';
import { currentUser } from './http/access.ts';
import { fieldProblem, problem } from './http/problems/problem.ts';
import type { Routes } from './http/server.ts';

const name = z.string().min(1).max(200);

const view = z.object({
  subscription: z.string(),
  state: z.enum(['running', 'finished']).describe('`finished` once the broker has confirmed every message'),
  requestedAt: z.string(),
  total: z.int().describe('Of the items to read, such as orders'),
  done: z.int(),
  messages: z.int().describe('Written to the outbox so far'),
  waiting: z.int().describe('Those of them that the broker has not confirmed yet'),
});

const access = 'administrator';

/** The routes of a service that can publish its history again; the gateway needs an address for them. */
export const backfillRoutes =
  (service: ServiceName, backfills: Backfills): Routes =>
  (server) => {
    const path = `/api/admin/backfills/${service}`;

    server.post(
      path,
      {
        config: {
          access,
          problems: { 422: 'There is nothing that could be published to this subscription' },
        },
        schema: {
          summary: 'Publish the history to one subscription that was added later',
          body: z.object({ subscription: name }).meta({ examples: [{ subscription: 'loyalty.orders' }] }),
          response: { 202: view },
        },
      },
      async (request, reply) => {
        const { subscription } = request.body;
        const requested = await backfills.request(subscription, currentUser(request).userId);
        if ('refused' in requested) {
          const errors = [{ field: 'subscription', message: requested.refused }];
          throw fieldProblem(422, 'no-backfill', errors);
        }
        return reply.code(202).header('location', `${path}/${subscription}`).send(viewOf(requested));
      },
    );

    server.get(
      `${path}/:subscription`,
      {
        config: { access },
        schema: {
          summary: 'How far a backfill is',
          params: z.object({ subscription: name }),
          response: { 200: view },
        },
      },
      async (request) => {
        const progress = await backfills.progressOf(request.params.subscription);
        if (progress === undefined) throw problem(404, 'not-found', 'No backfill of it was requested.');
        return viewOf(progress);
      },
    );
  };

const viewOf = ({ requestedAt, ...progress }: BackfillProgress): z.input<typeof view> => ({
  ...progress,
  requestedAt: requestedAt.toISOString(),
});
