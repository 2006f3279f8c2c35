import { cursor, nextPage, pageLimit, type Routes, readPage } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { type AuditEntry, listAudit } from '../store/audit.ts';
import type { Tables } from '../store/tables.ts';

const text = z.string().min(1).max(200);

const entry = z.object({
  id: z.string(),
  at: z.string(),
  userId: z.string(),
  action: z.string(),
  target: z.string(),
  correlationId: z.string(),
  details: z.record(z.string(), z.unknown()),
  /** Absent while the action is in progress, and after a crash: then it may or may not have been done. */
  outcome: z.enum(['done', 'refused']).optional(),
});

export const auditRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/admin/audit',
      {
        config: { access: 'administrator' },
        schema: {
          summary: 'List audit entries, newest first',
          querystring: z.object({
            userId: text.optional(),
            action: text.optional(),
            target: text.optional(),
            before: cursor,
            limit: pageLimit(500, 50),
          }),
          response: { 200: z.object({ entries: z.array(entry), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => listAudit(store.db, { ...query, limit }),
          cursorOf: ({ id }) => id,
        });
        return { entries: rows.map(view), ...next };
      },
    );
  };

const view = (row: AuditEntry): z.input<typeof entry> => ({
  id: row.id,
  at: row.at.toISOString(),
  userId: row.user_id,
  action: row.action,
  target: row.target,
  correlationId: row.correlation_id,
  details: row.details,
  ...(row.outcome === null ? {} : { outcome: row.outcome }),
});
