import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** The address of the next page; absent on the last one. */
  readonly next?: { readonly next: string };
}

export interface PageOptions<Row> {
  /** The size of a page. */
  readonly limit: number;
  /** The query parameter with the cursor. */
  readonly parameter: 'before' | 'after';
  /** Reads at most `limit` rows, beginning at the cursor. */
  readonly read: (limit: number) => Promise<readonly Row[]>;
  readonly cursorOf: (row: Row) => string;
}

/**
 * Reads a page of a list, and one row more to know whether there is a next page. The address of the next page is in the `Link`
 * header (RFC 8288, `rel="next"`) and in `next`, to be spread into the body.
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

/** The field of a response schema with the address of the next page. */
export const nextPage = { next: z.string().optional() };
