import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page is; absent on the last one. */
  readonly next?: { readonly next: string };
}

export interface PageOptions<Row> {
  /** How many a page holds. */
  readonly limit: number;
  /** The query parameter that says where a page begins. */
  readonly parameter: 'before' | 'after';
  /** Reads the page: so many rows at most. */
  readonly read: (limit: number) => Promise<readonly Row[]>;
  readonly cursorOf: (row: Row) => string;
}

/**
 * A page of a list. One row more than its limit is read, so that it is known whether there is a next page. The address of that,
 * the query of this page with another cursor, is in the `Link` header (RFC 8288, `rel="next"`) and in `next`, which is spread
 * into the body.
 */
export const readPage = async <Row>(
  request: FastifyRequest,
  reply: FastifyReply,
  { limit, parameter, cursorOf, read }: PageOptions<Row>,
): Promise<Page<Row>> => {
  const found = await read(limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (found.length <= limit || last === undefined) return { rows };
  const [path = '', query] = request.url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set(parameter, cursorOf(last));
  const next = `${path}?${parameters}`;
  reply.header('link', `<${next}>; rel="next"`);
  return { rows, next: { next } };
};

/** The member of a page's answer that says where the next page is. */
export const nextPage = { next: z.string().optional() };
