import { currentUser, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import type { ReplayDeadLetter } from '../replay/replay.ts';
import { findDeadLetter, openDeadLetterIds } from '../store/dead-letters.ts';
import type { Tables } from '../store/tables.ts';
import { conflict, notFound, problemOf } from './problems.ts';
import { config, filter, params } from './schemas.ts';
import { deadLetterSummary, viewSummary } from './views.ts';

export const replayRoutes =
  (store: Store<Tables>, replay: ReplayDeadLetter): Routes =>
  (server) => {
    server.post(
      '/api/admin/dead-letters/:id/replay',
      {
        config: { ...config, problems: { 409: conflict, 422: 'The edited body is not a valid message' } },
        schema: {
          summary: 'Replay a dead letter, as it is or with an edited body',
          params,
          body: z.object({ body: z.unknown().optional() }).nullish(),
          response: { 200: deadLetterSummary },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { body: edited } = request.body ?? {};
        const outcome = await replay({
          id,
          userId: currentUser(request).userId,
          ...(edited === undefined ? {} : { edited: { body: edited } }),
        });
        if (outcome.kind !== 'replayed') throw problemOf(outcome);
        const deadLetter = await findDeadLetter(store.db, id);
        if (deadLetter === undefined) throw notFound();
        return viewSummary(deadLetter);
      },
    );

    server.post(
      '/api/admin/dead-letters/replay',
      {
        config,
        schema: {
          summary: 'Replay open dead letters as they are, oldest first, until the broker refuses one',
          body: z.object({ ...filter, limit: z.int().min(1).max(500).default(100) }),
          response: {
            200: z.object({
              replayed: z.int(),
              notReplayed: z.array(z.object({ id: z.string(), why: z.string() })),
            }),
          },
        },
      },
      async (request) => {
        const { userId } = currentUser(request);
        const notReplayed: { id: string; why: string }[] = [];
        let replayed = 0;
        for (const id of await openDeadLetterIds(store.db, request.body, request.body.limit)) {
          const outcome = await replay({ id, userId });
          if (outcome.kind === 'replayed') replayed += 1;
          else if (outcome.kind === 'refused' && replayed === 0) throw problemOf(outcome);
          else notReplayed.push({ id, why: problemOf(outcome).message });
          if (outcome.kind === 'refused') break;
        }
        return { replayed, notReplayed };
      },
    );
  };
