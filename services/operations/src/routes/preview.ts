import { currentUser, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { previewReplay } from '../replay/preview.ts';
import { recordAction } from '../store/audit.ts';
import { findDeadLetter } from '../store/dead-letters.ts';
import type { Tables } from '../store/tables.ts';
import { notFound } from './problems.ts';
import { config, params } from './schemas.ts';

const preview = z.object({
  /** Whether a replay would be sent. */
  accepted: z.boolean(),
  /** Why it would not be sent, apart from errors in the body. */
  refusal: z.object({ code: z.string(), message: z.string() }).optional(),
  /** What is different from the body that failed last; 1,000 changes at most. `path` is a JSON pointer. */
  changes: z.array(
    z.object({
      path: z.string(),
      kind: z.enum(['added', 'removed', 'changed']),
      before: z.unknown().optional(),
      after: z.unknown().optional(),
    }),
  ),
  /** Fields that the subscription would refuse. */
  errors: z.array(z.object({ field: z.string(), message: z.string() })),
});

export const previewRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.post(
      '/api/admin/dead-letters/:id/preview',
      {
        config,
        schema: {
          summary: 'Preview a replay, as it is or with an edited body: nothing is sent',
          params,
          body: z.object({ body: z.unknown().optional() }).nullish(),
          response: { 200: preview },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { body: edited } = request.body ?? {};
        const { userId } = currentUser(request);
        const deadLetter = await findDeadLetter(store.db, id);
        if (deadLetter === undefined) throw notFound();
        const { accepted, refusal, changes, errors } = previewReplay(
          deadLetter,
          edited === undefined ? undefined : { body: edited },
        );
        const details = { preview: true };
        await store.transaction(({ tx, now }) =>
          recordAction(tx, { userId, action: 'dead-letter.read', target: id, details }, now),
        );
        return {
          accepted,
          ...(refusal === undefined ? {} : { refusal }),
          changes: [...changes],
          errors: [...errors],
        };
      },
    );
  };
