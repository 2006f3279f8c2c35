import { cursor, type HttpServer, pageLimit, problem } from '@emporium/service';
import { z } from 'zod';
import type { MailFaults } from './faults.ts';
import { mail, mailSummary } from './mail.ts';
import type { MailStore } from './mail-store.ts';

const text = z.string().min(1).max(320);
const filter = z.object({
  to: text.optional(),
  subject: text.optional(),
  messageId: z.string().min(1).max(998).optional(),
});
const page = filter.extend({
  limit: pageLimit(200, 100),
  /** The id of a mail: the page starts with the next older one. */
  before: cursor,
});
const fault = z.object({
  recipient: text.optional(),
  mode: z.enum(['refuse', 'take-then-cut']).default('refuse'),
  code: z.int().min(400).max(599).default(451),
  times: z.int().min(1).max(1_000_000).optional(),
});
const listedFault = fault.extend({ hits: z.int() });
const tags = ['mailbox'];

const mailPage = z.object({
  mails: z.array(mailSummary),
  /** The number of matches on all pages. */
  total: z.int(),
  /** The URL of the next page, if there is one. */
  next: z.string().optional(),
});

const pageAfter = (before: string, limit: number, wanted: z.output<typeof filter>): string => {
  const query = new URLSearchParams({ limit: String(limit), before });
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, value);
  return `/api/mails?${query}`;
};

export const mailRoutes = (server: HttpServer, store: MailStore): void => {
  server.get(
    '/api/mails',
    {
      schema: {
        tags,
        querystring: page,
        response: { 200: mailPage },
      },
    },
    async ({ query: { limit, before, ...wanted } }, reply) => {
      const found = await store.list(wanted, { limit, before });
      if (found === undefined)
        throw problem(400, 'unknown-mail', 'There is no mail with the id in `before`.');
      const { mails, total, hasMore } = found;
      const last = mails.at(-1);
      if (!hasMore || last === undefined) return { mails: [...mails], total };
      const next = pageAfter(last.id, limit, wanted);
      reply.header('link', `<${next}>; rel="next"`);
      return { mails: [...mails], total, next };
    },
  );

  server.get(
    '/api/mails/:id',
    { schema: { tags, params: z.object({ id: z.uuid() }), response: { 200: mail } } },
    async ({ params: { id } }) => {
      const found = await store.find(id);
      if (found === undefined) throw problem(404, 'unknown-mail', 'There is no such mail.');
      return found;
    },
  );

  server.delete('/api/mails', { schema: { tags, response: { 204: z.null() } } }, async (_request, reply) => {
    store.clear();
    return reply.code(204).send(null);
  });
};

export const faultRoutes = (server: HttpServer, faults: MailFaults): void => {
  const schema = { tags, response: { 200: z.object({ faults: z.array(listedFault) }) } };

  server.put('/api/mailbox/faults', { schema: { ...schema, body: fault } }, ({ body }) => {
    faults.set(body);
    return { faults: [...faults.list()] };
  });

  server.get('/api/mailbox/faults', { schema }, () => ({ faults: [...faults.list()] }));

  server.delete(
    '/api/mailbox/faults',
    {
      schema: {
        tags,
        querystring: z.object({ recipient: text.optional() }),
        response: { 204: z.null() },
      },
    },
    async ({ query }, reply) => {
      faults.clear(query.recipient);
      return reply.code(204).send(null);
    },
  );
};
