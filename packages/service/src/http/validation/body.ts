import { mayBeUnstorable, unstorable } from '@emporium/bus';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fieldProblem, problem } from '../problems/problem.ts';

/**
 * Accepts bodies of JSON in UTF-8 only, as `application/json` or `application/…+json`. Refuses text that a database cannot store (a
 * NUL character, half of a surrogate pair), and keys such as `__proto__`.
 */
export const acceptOnlyJson = (server: FastifyInstance): void => {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(jsonMediaType, { parseAs: 'buffer' }, (request, bytes, done) => {
    try {
      done(null, parseJsonBody(request, Buffer.from(bytes)));
    } catch (error) {
      done(
        error instanceof Error ? error : new Error('the body could not be read', { cause: error }),
        undefined,
      );
    }
  });
};

/** `application/json` and `application/vnd.example+json`, with or without parameters. */
export const jsonMediaType = /^application\/(?:[\w!#$&^.+-]+\+)?json[ \t]*(?:;|$)/i;

/**
 * Parses a JSON body, for routes that need its bytes first. Throws a 415 problem for a content encoding or a character set other
 * than UTF-8, and a 400 problem for a body that is not JSON or cannot be stored.
 */
export const parseJsonBody = (request: Pick<FastifyRequest, 'headers'>, bytes: Buffer): unknown => {
  assertPlainUtf8(request);
  if (bytes.length === 0) throw invalidBody('must be JSON, and is empty');
  const text = textOf(bytes);
  const value = parseJson(text);
  // Most bodies contain neither, and need not be walked.
  if (mayBeUnstorable(text)) refuseUnstorable(value);
  if (/__proto__|constructor|\\u/.test(text)) refuseForbiddenKeys(value);
  return value;
};

/** Throws a 400 problem for a URL with a NUL character, or one that does not decode to valid UTF-8. */
export const refuseUnreadableUrl = (server: FastifyInstance): void => {
  server.addHook('onRequest', (request, _reply, done) => {
    done(isReadable(request.url) ? undefined : unreadableUrl());
  });
};

const isReadable = (url: string): boolean => {
  if (!url.includes('%')) return true;
  if (url.includes('%00')) return false;
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
};

const unreadableUrl = () =>
  problem(
    400,
    'invalid-url',
    'The address is not valid percent-encoded UTF-8, or it contains a NUL character.',
  );

/** Throws a 415 problem for a compressed body, or for text that is not in UTF-8. */
export const assertPlainUtf8 = ({ headers }: Pick<FastifyRequest, 'headers'>): void => {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    const detail = 'The body must not be compressed: send it without Content-Encoding.';
    throw problem(415, 'unsupported-content-encoding', detail, {
      headers: { 'accept-encoding': 'identity' },
    });
  }
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(headers['content-type'] ?? '') ?? [];
  if (!/^utf-?8$/i.test(charset)) throw problem(415, 'unsupported-charset', 'The body must be in UTF-8.');
};

const invalidBody = (message: string) => fieldProblem(400, 'invalid-json', [{ field: 'body', message }]);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Decodes UTF-8, or throws a 400 problem. */
export const textOf = (bytes: Buffer): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidBody('is not valid UTF-8');
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidBody('is not valid JSON');
  }
};

// A loop instead of a recursion, because the caller controls the depth.
const refuseForbiddenKeys = (body: unknown): void => {
  const open: { field: string; value: unknown }[] = [{ field: '', value: body }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { field, value } = next;
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (!Array.isArray(value) && changesPrototypes(key, inner)) throw forbiddenKey(field, key);
      open.push({
        field: Array.isArray(value) ? `${field}[${key}]` : `${field}${field && '.'}${key}`.slice(0, 200),
        value: inner,
      });
    }
  }
};

/** Copying the value key by key would change the prototype of the copy. */
const changesPrototypes = (key: string, value: unknown): boolean =>
  key === '__proto__' ||
  (key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype'));

const refuseUnstorable = (body: unknown): void => {
  const found = unstorable(body);
  if (found === undefined) return;
  const message = 'must not contain a NUL character or half of a surrogate pair';
  throw fieldProblem(400, 'invalid-request', [{ field: found.path || 'body', message }]);
};

const forbiddenKey = (field: string, key: string) =>
  fieldProblem(400, 'invalid-request', [
    { field: field || 'body', message: `must not contain the key ${key}` },
  ]);
