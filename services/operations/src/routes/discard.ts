import { currentUser, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { discardMany } from '../bulk-discard.ts';
import { recordAction } from '../store/audit.ts';
import { countOpen, findDeadLetter } from '../store/dead-letters.ts';
import { markDiscarded } from '../store/resolve.ts';
import type { Tables } from '../store/tables.ts';
import { conflict, notFound, problemOf } from './problems.ts';
import { config, hasFilter, manyFilter, noFilter, params, text } from './schemas.ts';
import { deadLetterSummary, viewSummary } from './views.ts';

const bulkDiscard = z
  .object({ ...manyFilter, reason: text, limit: z.int().min(1).max(50_000).default(10_000) })
  .refine(hasFilter, noFilter);

export const discardRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.post(
      '/api/admin/dead-letters/:id/discard',
      {
        config: { ...config, problems: { 409: conflict } },
        schema: {
          summary: 'Discard a dead letter',
          params,
          body: z.object({ reason: text }),
          response: { 200: deadLetterSummary },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { reason } = request.body;
        const { userId } = currentUser(request);
        const isDiscarded = await store.transaction(async ({ tx, now }) => {
          if (!(await markDiscarded(tx, { id, userId, reason }, now))) return false;
          const action = { userId, action: 'dead-letter.discard', target: id, details: { reason } };
          await recordAction(tx, action, now);
          return true;
        });
        const deadLetter = await findDeadLetter(store.db, id);
        if (deadLetter === undefined) throw notFound();
        if (!isDiscarded) {
          const { status } = deadLetter;
          throw problemOf(status === 'open' ? { kind: 'being-replayed' } : { kind: 'resolved', status });
        }
        return viewSummary(deadLetter);
      },
    );

    server.post(
      '/api/admin/dead-letters/discard',
      {
        config,
        schema: {
          summary: 'Discard open dead letters, oldest first',
          body: bulkDiscard,
          response: {
            200: z.object({
              discarded: z.int(),
              /** Open ones that still match: beyond the limit, being replayed, or newly arrived. */
              remaining: z.int(),
            }),
          },
        },
      },
      async (request) => {
        const { reason, limit, failedBefore: time, ...filter } = request.body;
        const failedBefore = time === undefined ? undefined : new Date(time);
        const discarded = await discardMany(store, {
          selection: { ...filter, failedBefore, openedBefore: new Date() },
          userId: currentUser(request).userId,
          reason,
          action: 'dead-letter.discard-many',
          limit,
        });
        return { discarded, remaining: await countOpen(store.db, filter, failedBefore) };
      },
    );
  };
