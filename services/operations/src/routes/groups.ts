import { nextPage, pageLimit, type Routes, readPage } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { type DeadLetterGroup, listGroups } from '../store/groups.ts';
import type { Tables } from '../store/tables.ts';
import { config, filter } from './schemas.ts';
import { status } from './views.ts';

const deadLetterGroup = z.object({
  id: z.string(),
  subscription: z.string(),
  type: z.string(),
  code: z.string(),
  /** The reason without ids, numbers, positions, quoted values and e-mail addresses. */
  fingerprint: z.string(),
  counts: z.object({ open: z.int(), replayed: z.int(), discarded: z.int() }),
  /** Of the open ones: those that were replayed, and failed again. */
  failedAgain: z.int(),
  firstFailedAt: z.string(),
  lastFailedAt: z.string(),
  /** The newest dead letter, of the open ones if there are any. */
  example: z.object({ id: z.string(), key: z.string(), reason: z.string() }),
});

/** Last failure and id of the last group of the previous page. */
const cursor = z
  .string()
  .regex(/^\d{1,15}-[0-9a-f]{16}$/, 'must be taken from the link to the next page')
  .optional();

export const groupRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/admin/dead-letters/groups',
      {
        config,
        schema: {
          summary:
            'List groups of dead letters with the same subscription, type and reason, newest last failure first',
          querystring: z.object({
            ...filter,
            /** Selects groups that have a dead letter of this status. */
            status: status.optional(),
            before: cursor,
            limit: pageLimit(500, 50),
          }),
          response: { 200: z.object({ groups: z.array(deadLetterGroup), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => listGroups(store.db, query, { before: placeOf(query.before), limit }),
          cursorOf: ({ last_at, group_id }) => `${last_at.getTime()}-${group_id}`,
        });
        return { groups: rows.map(view), ...next };
      },
    );
  };

const placeOf = (before: string | undefined) => {
  const [lastAt, id] = before?.split('-') ?? [];
  return id === undefined ? undefined : { lastAt: new Date(Number(lastAt)), id };
};

const view = (row: DeadLetterGroup): z.input<typeof deadLetterGroup> => ({
  id: row.group_id,
  subscription: row.subscription,
  type: row.type,
  code: row.code,
  fingerprint: row.fingerprint,
  counts: { open: row.open, replayed: row.replayed, discarded: row.discarded },
  failedAgain: row.failed_again,
  firstFailedAt: row.first_at.toISOString(),
  lastFailedAt: row.last_at.toISOString(),
  example: { id: row.example_id, key: row.example_key, reason: row.example_reason },
});
