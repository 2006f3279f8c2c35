import { currentUser, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import type { ReplayDeadLetter } from '../replay/replay.ts';
import type { ReplayBatch } from '../replay/replay-batch.ts';
import { findDeadLetter } from '../store/dead-letters.ts';
import type { Tables } from '../store/tables.ts';
import { conflict, notFound, problemOf, refusedByBroker } from './problems.ts';
import { config, filter, params } from './schemas.ts';
import { deadLetterSummary, viewSummary } from './views.ts';

export const replayRoutes =
  (store: Store<Tables>, replay: ReplayDeadLetter, replayBatch: ReplayBatch): Routes =>
  (server) => {
    server.post(
      '/api/admin/dead-letters/:id/replay',
      {
        config: { ...config, problems: { 409: conflict, 422: 'The edited body is not a valid message' } },
        schema: {
          summary: 'Replay a dead letter, as it is or with an edited body',
          params,
          body: z
            .object({
              body: z.unknown().optional(),
              /** The `times` that the caller has read: it is not sent if it has failed again since. */
              times: z.int().min(1).optional(),
            })
            .nullish(),
          response: { 200: deadLetterSummary },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { body: edited, times } = request.body ?? {};
        const outcome = await replay({
          id,
          userId: currentUser(request).userId,
          ...(edited === undefined ? {} : { edited: { body: edited } }),
          times,
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
          summary: 'Replay open dead letters as they are, oldest first, while the broker is available',
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
        const { limit, ...filter } = request.body;
        const { userId } = currentUser(request);
        const notReplayed: { id: string; why: string }[] = [];
        const openedBefore = new Date();
        const claimant = uuid();
        let [replayed, after]: [number, string | undefined] = [0, undefined];
        for (let isLast = false; !isLast && replayed + notReplayed.length < limit; ) {
          const outcome = await replayBatch({
            selection: { ...filter, openedBefore, after },
            limit: limit - replayed - notReplayed.length,
            ...{ userId, claimant, details: filter },
          });
          replayed += outcome.done;
          notReplayed.push(...outcome.failures.map(({ id, why }) => ({ id, why })));
          const { interruption } = outcome;
          if (interruption?.kind === 'broker' && replayed === 0) throw refusedByBroker(interruption.why);
          isLast = outcome.isLast || interruption !== undefined;
          after = outcome.position ?? after;
        }
        return { replayed, notReplayed };
      },
    );
  };
