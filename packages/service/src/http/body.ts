import type { FastifyInstance } from 'fastify';
import { problem } from './problem.ts';

/**
 * JSON is the only body that is taken, and it may hold no text that a database cannot store: a NUL character or half
 * of a surrogate pair would otherwise surface as a fault far from its cause. Keys like `__proto__` are refused.
 */
export const acceptJsonAlone = (server: FastifyInstance): void => {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    ['application/json', 'application/*+json'],
    { parseAs: 'string' },
    (request, text, done) => {
      void parse(request, String(text), (error, value) => {
        const field = error === null && mayBeUnstorable(String(text)) ? unstorableField(value) : undefined;
        done(field === undefined ? error : unstorable(field), value);
      });
    },
  );
};

/** The same for the path and the query: `%00` is in no valid address. */
export const refuseNulInUrl = (server: FastifyInstance): void => {
  server.addHook('onRequest', (request, _reply, done) => {
    done(
      request.url.includes('%00')
        ? problem(400, 'invalid-url', 'The address holds a NUL character.')
        : undefined,
    );
  });
};

const mayBeUnstorable = (text: string): boolean => /\\u0000|\\u[dD][89a-fA-F]/.test(text);

const unstorable = (field: string) => {
  const message = 'holds a NUL character or half of a surrogate pair';
  return problem(400, 'invalid-request', `${field}: ${message}`, { errors: [{ field, message }] });
};

// A loop and not a recursion: the depth is the caller's.
const unstorableField = (body: unknown): string | undefined => {
  const open: { field: string; value: unknown }[] = [{ field: '', value: body }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { field, value } = next;
    if (typeof value === 'string' && !isStorable(value)) return field || 'body';
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (!isStorable(key)) return field || 'body';
      open.push({
        field: Array.isArray(value) ? `${field}[${key}]` : `${field}${field && '.'}${key}`.slice(0, 200),
        value: inner,
      });
    }
  }
  return undefined;
};

const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();
