import { mayBeUnstorable, unstorable } from '@emporium/bus';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fieldProblem, problem } from './problem.ts';

/**
 * JSON in UTF-8 is the only body that is taken, under `application/json` or any `application/…+json`. Refused are text that no
 * database can store (a NUL character, half of a surrogate pair), and keys such as `__proto__`.
 */
export const acceptJsonAlone = (server: FastifyInstance): void => {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(jsonMediaType, { parseAs: 'buffer' }, (request, bytes, done) => {
    try {
      done(null, parseJsonBody(request, Buffer.from(bytes)));
    } catch (error) {
      done(error instanceof Error ? error : new Error('the body was not read', { cause: error }), undefined);
    }
  });
};

/** `application/json` and `application/vnd.example+json`, with or without parameters. */
export const jsonMediaType = /^application\/(?:[\w!#$&^.+-]+\+)?json[ \t]*(?:;|$)/i;

/**
 * The value of a JSON body, for routes that read its bytes first. Throws a problem that says what is wrong with it: 415 for a
 * content encoding or a character set other than UTF-8, 400 for what is not JSON or could not be stored.
 */
export const parseJsonBody = (request: Pick<FastifyRequest, 'headers'>, bytes: Buffer): unknown => {
  assertPlainUtf8(request);
  if (bytes.length === 0) throw invalidBody('is empty, and must be JSON');
  const text = textOf(bytes);
  const value = parsed(text);
  // Most bodies hold nothing of the kind, and need no second look.
  if (mayBeUnstorable(text)) refuseUnstorable(value);
  if (/__proto__|constructor|\\u/.test(text)) refuseForbiddenKeys(value);
  return value;
};

/** Throws a 400 problem for a path or a query that holds a NUL character or is not valid UTF-8 when decoded. */
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
    'The address is not validly percent-encoded UTF-8, or it holds a NUL character.',
  );

/** Throws a 415 problem for a body that is compressed, or text in anything but UTF-8. */
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

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidBody('is not valid JSON');
  }
};

// A loop and not a recursion: the depth is the caller's.
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

/** Whoever copied the value key by key would change the prototype of the copy. */
const changesPrototypes = (key: string, value: unknown): boolean =>
  key === '__proto__' ||
  (key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype'));

const refuseUnstorable = (body: unknown): void => {
  const found = unstorable(body);
  if (found === undefined) return;
  const message = 'must not hold a NUL character or half of a surrogate pair';
  throw fieldProblem(400, 'invalid-request', [{ field: found.path || 'body', message }]);
};

const forbiddenKey = (field: string, key: string) =>
  fieldProblem(400, 'invalid-request', [{ field: field || 'body', message: `must not hold the key ${key}` }]);
