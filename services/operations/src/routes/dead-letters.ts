import { currentUser, cursor, nextPage, pageLimit, type Routes, readPage } from '@emporium/service';
import { inSnapshot, type Store } from '@emporium/store';
import { z } from 'zod';
import { recordAction } from '../store/audit.ts';
import {
  countByStatus,
  findDeadLetter,
  historyOf,
  listDeadLetters,
  originalBody,
} from '../store/dead-letters.ts';
import type { Tables } from '../store/tables.ts';
import { notFound } from './problems.ts';
import { config, filter, params } from './schemas.ts';
import { deadLetterDetails, deadLetterSummary, status, viewDetails, viewSummary } from './views.ts';

export const deadLetterRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/admin/dead-letters',
      {
        config,
        schema: {
          summary: 'List dead letters, newest first',
          querystring: z.object({
            ...filter,
            status: status.optional(),
            before: cursor,
            limit: pageLimit(500, 50),
          }),
          response: {
            200: z.object({
              deadLetters: z.array(deadLetterSummary),
              ...nextPage,
              /** The number per status under the other filters, each up to 250,000. On the first page only. */
              counts: z.object({ open: z.int(), replayed: z.int(), discarded: z.int() }).optional(),
            }),
          },
        },
      },
      async (request, reply) => {
        const { query } = request;
        return inSnapshot(store.db, async (snapshot) => {
          const { rows, next } = await readPage(request, reply, {
            limit: query.limit,
            parameter: 'before',
            read: (limit) => listDeadLetters(snapshot, query, { ...query, limit }),
            cursorOf: ({ id }) => id,
          });
          const counts = query.before === undefined ? await countByStatus(snapshot, query) : undefined;
          return { deadLetters: rows.map(viewSummary), ...next, ...(counts === undefined ? {} : { counts }) };
        });
      },
    );

    server.get(
      '/api/admin/dead-letters/:id',
      {
        config,
        schema: {
          summary: 'Get a dead letter with its body and history',
          params,
          querystring: z.object({ bytes: z.literal('true').optional() }),
          response: { 200: deadLetterDetails },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { userId } = currentUser(request);
        const view = await inSnapshot(store.db, async (snapshot) => {
          const deadLetter = await findDeadLetter(snapshot, id);
          if (deadLetter === undefined) throw notFound();
          const details = viewDetails(
            deadLetter,
            await originalBody(snapshot, id),
            await historyOf(snapshot, id),
          );
          const isWithBytes = request.query.bytes !== undefined;
          return isWithBytes ? { ...details, bytes: deadLetter.body.toString('base64') } : details;
        });
        await store.transaction(({ tx, now }) =>
          recordAction(tx, { userId, action: 'dead-letter.read', target: id }, now),
        );
        return view;
      },
    );
  };
