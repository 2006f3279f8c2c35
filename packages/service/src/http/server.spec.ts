import { METHODS } from 'node:http';
import { gzipSync } from 'node:zlib';
import { catalogue } from '@emporium/bus';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { generateKeyPair, privateKeyFromText, publicKeyFromText } from '../auth/keys.ts';
import { createTokenIssuer, createTokenVerifier } from '../auth/tokens.ts';
import { createHealth } from '../health.ts';
import { createLog } from '../log.ts';
import { currentUser } from './access.ts';
import { problem } from './problems/problem.ts';
import { createHttpServer, type HttpServer, type Routes } from './server.ts';
import { cursor, pageLimit } from './validation/fields.ts';

const pair = generateKeyPair();
const keys = { public: publicKeyFromText(pair.publicKey), private: privateKeyFromText(pair.privateKey) };
if (keys.public === undefined || keys.private === undefined) throw new Error('no keys');
const tokens = createTokenVerifier(keys.public);
const issuer = createTokenIssuer(keys.private);

const body = z.object({
  lines: z.array(z.object({ sku: z.string(), quantity: z.int().min(1) })).min(1),
  note: z.string().optional(),
});

const routes: Routes = (server) => {
  server.post('/api/orders', { config: { access: 'user' }, schema: { body } }, async (request, reply) => {
    return reply
      .code(202)
      .send({ user: currentUser(request).userId, skus: request.body.lines.map(({ sku }) => sku) });
  });
  server.get(
    '/api/orders/:id',
    {
      config: { access: 'public' },
      schema: {
        params: z.object({ id: z.uuidv7() }),
        querystring: z.object({ limit: pageLimit(100, 10), before: cursor }),
        response: { 200: z.object({ limit: z.int() }) },
      },
    },
    (request) => ({ limit: request.query.limit }),
  );
  server.post(
    '/api/defaults',
    {
      config: { access: 'public' },
      schema: { body: z.object({ size: z.int().optional() }).default({ size: 1 }) },
    },
    (request) => request.body,
  );
  server.post('/api/orders/replay', { config: { access: 'public' } }, () => ({ ok: true }));
  server.get('/api/admin/things', { config: { access: 'administrator' } }, () => ({ ok: true }));
  server.get('/api/impossible', { config: { access: 'public' } }, () => {
    throw problem(422, 'unknown-sku', 'There is no sku X.', {
      errors: [{ field: 'lines[0].sku', message: 'is unknown' }],
      headers: { 'retry-after': '7' },
      members: { skus: ['X'] },
    });
  });
  server.get('/api/broken', { config: { access: 'public' } }, () => {
    log.info('about to break');
    throw Object.assign(new Error('password hunter2 is wrong'), { statusCode: 418 });
  });
  server.get('/api/unstorable', { config: { access: 'public' } }, () => {
    throw catalogue('store', { unstorable: { settle: 'dead-letter', message: 'hunter2' } }).unstorable();
  });
  server.get('/api/not-an-error', { config: { access: 'public' } }, () => Promise.reject('hunter2'));
  server.get(
    '/api/wrong-answer',
    { config: { access: 'public' }, schema: { response: { 200: z.object({ a: z.int() }) } } },
    () => JSON.parse('{"a":"hunter2"}'),
  );
};

const lines: string[] = [];
const log = createLog({
  service: 'test',
  level: 'info',
  destination: { write: (line) => void lines.push(line) },
});
const api = { title: 'Test', description: 'A server for tests' };
const id = '0198c5c0-0000-7000-8000-000000000001';
let server: HttpServer;

beforeEach(async () => {
  lines.length = 0;
  server = await createHttpServer({
    log,
    api,
    health: createHealth(),
    tokens,
    routes: [routes],
    bodyLimit: 1_000,
  });
});
afterEach(() => server.close());

const bearer = async (role: 'customer' | 'administrator', lifetime = 60) => ({
  authorization: `Bearer ${(await issuer.issue({ userId: 'u1', role }, lifetime)).token}`,
});

const post = async (payload: string | object | Buffer, headers: Record<string, string> = {}) =>
  server.inject({
    method: 'POST',
    url: '/api/orders',
    payload,
    headers: { 'content-type': 'application/json', ...(await bearer('customer')), ...headers },
  });

describe('a valid request', () => {
  test('reaches its handler, parsed and with its user', async () => {
    const answer = await post({ lines: [{ sku: 'A', quantity: 1 }] });
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({ user: 'u1', skus: ['A'] });
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });

  test('has its query parsed by the schema', async () => {
    expect((await server.inject(`/api/orders/${id}?limit=5`)).json()).toEqual({ limit: 5 });
    expect((await server.inject(`/api/orders/${id}`)).json()).toEqual({ limit: 10 });
  });
});

test('a missing body gets the default of its schema', async () => {
  expect((await server.inject({ method: 'POST', url: '/api/defaults' })).json()).toEqual({ size: 1 });
  const given = { method: 'POST', url: '/api/defaults', payload: { size: 2 } } as const;
  expect((await server.inject(given)).json()).toEqual({ size: 2 });
});

describe('a malformed request answers 400 and names the field', () => {
  const line = { sku: 'A', quantity: 1 };
  test.each<[string, string | object, string, RegExp]>([
    ['an unknown field', { lines: [line], extra: 1 }, 'extra', /is not a known field/],
    ['an unknown nested field', { lines: [{ ...line, price: 1 }] }, 'lines[0].price', /is not a known field/],
    ['a wrong type', { lines: [{ ...line, quantity: '1' }] }, 'lines[0].quantity', /must be a number/],
    ['a wrong value', { lines: [{ ...line, quantity: 0 }] }, 'lines[0].quantity', /^must be at least 1$/],
    ['a missing field', {}, 'lines', /is missing/],
    ['an array in place of an object', '[]', 'body', /must be an object/],
    ['null', 'null', 'body', /missing/],
    ['bad JSON', '{"lines":', 'body', /not valid JSON/],
    ['an empty body', '', 'body', /empty/],
    ['a forbidden key', '{"__proto__":{"a":1},"lines":[]}', 'body', /must not contain the key __proto__/],
    ['a forbidden key, escaped', '{"\\u005f_proto__":{"a":1}}', 'body', /must not contain the key __proto__/],
    [
      'a forbidden key further in',
      '{"lines":[{"constructor":{"prototype":{}}}]}',
      'lines[0]',
      /key constructor/,
    ],
    ['a list that is too short', { lines: [] }, 'lines', /^must have at least 1 entry$/],
    ['a NUL character', '{"lines":[{"sku":"\\u0000","quantity":1}]}', 'lines[0].sku', /NUL/],
    ['half of a surrogate pair', '{"note":"\\ud800"}', 'note', /surrogate/],
  ])('%s', async (_what, payload, field, message) => {
    const answer = await post(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({
      type: expect.stringMatching(/^urn:emporium:problem:/),
      title: 'Bad Request',
      status: 400,
      detail: expect.stringContaining(field),
      instance: '/api/orders',
      errors: [{ field, message: expect.stringMatching(message) }],
    });
  });

  test.each([
    [`/api/orders/${id}?limit=many`, 'query.limit'],
    [`/api/orders/${id}?limit=1&limit=2`, 'query.limit'],
    [`/api/orders/${id}?limits=1`, 'query.limits'],
    [`/api/orders/${id}?limit=`, 'query.limit'],
    [`/api/orders/${id}?limit=+5`, 'query.limit'],
    [`/api/orders/${id}?limit=%2B5`, 'query.limit'],
    [`/api/orders/${id}?limit=%205`, 'query.limit'],
    [`/api/orders/${id}?limit=0x10`, 'query.limit'],
    [`/api/orders/${id}?limit=1e1`, 'query.limit'],
    [`/api/orders/${id}?limit=5.0`, 'query.limit'],
    [`/api/orders/${id}?limit=0`, 'query.limit'],
    [`/api/orders/${id}?limit=-1`, 'query.limit'],
    [`/api/orders/${id}?limit=${'9'.repeat(400)}`, 'query.limit'],
    [`/api/orders/${id}?limit=%D9%A5`, 'query.limit'],
    [`/api/orders/${id}?before=garbage`, 'query.before'],
    [`/api/orders/${id}?before=`, 'query.before'],
    ['/api/orders/7', 'params.id'],
  ])('%s', async (url, field) => {
    const answer = await server.inject(url);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors).toEqual([{ field, message: expect.any(String) }]);
  });

  test.each([
    '/api/orders/%zz',
    '/api/orders/%00',
    `/api/orders/${id}?limit=%00`,
    '/api/orders/%c0%af',
    '/api/orders/%ff',
    `/api/orders/${id}?limit=%e2%82`,
    '/api/orders/%ed%a0%80',
  ])('%s', async (url) => {
    const answer = await server.inject(url);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ type: 'urn:emporium:problem:invalid-url' });
    expect(answer.headers['x-correlation-id']).toBe(answer.json().correlationId);
  });

  test('text that only looks like the escape of a NUL character is accepted', async () => {
    expect((await post(String.raw`{"lines":[{"sku":"\\u0000","quantity":1}]}`)).statusCode).toBe(202);
  });

  test('at most twenty errors are reported', async () => {
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`f${index}`, 1]));
    expect((await post(many)).json().errors).toHaveLength(20);
  });
});

describe('other refusals', () => {
  test('a body over the limit answers 413', async () => {
    const answer = await post({ note: 'x'.repeat(2_000) });
    expect(answer.json()).toMatchObject({ status: 413, type: 'urn:emporium:problem:body-too-large' });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense'])(
    '%s answers 415',
    async (type) => {
      expect((await post('hello', { 'content-type': type })).json()).toMatchObject({ status: 415 });
    },
  );

  test('an unknown address answers 404 without repeating the query', async () => {
    const answer = await server.inject('/api/nothing?token=hunter2');
    expect(answer.json()).toMatchObject({ status: 404, instance: '/api/nothing' });
    expect(answer.body).not.toContain('hunter2');
  });

  test('a known address with another method answers 405 with the allowed methods', async () => {
    const answer = await server.inject({ method: 'DELETE', url: `/api/orders/${id}` });
    expect(answer.json()).toMatchObject({ status: 405, type: 'urn:emporium:problem:method-not-allowed' });
    expect(answer.headers['allow']).toBe('GET, HEAD, OPTIONS');
  });

  describe.each(METHODS)('the method %s', (method) => {
    const allowed: Readonly<Record<string, string>> = {
      '/api/orders': 'POST',
      '/api/admin/things': 'GET, HEAD',
    };
    test.each(Object.keys(allowed))(
      'of %s is answered with 405 unless the address allows it',
      async (url) => {
        if (allowed[url]?.split(', ').includes(method)) return;
        const answer = await server.inject({ method: method as 'GET', url });
        expect(answer.statusCode).toBe(method === 'OPTIONS' ? 204 : 405);
        expect(answer.headers['allow']?.split(', ')).toEqual(
          [...(allowed[url]?.split(', ') ?? []), 'OPTIONS'].sort(),
        );
        if (method !== 'OPTIONS') expect(answer.headers['content-type']).toBe('application/problem+json');
        expect(lines).toEqual([]);
      },
    );

    test('answers 404 where there is nothing', async () => {
      expect((await server.inject({ method: method as 'GET', url: '/api/nothing' })).statusCode).toBe(404);
    });
  });

  test('a static route takes precedence over a parameter: an address allows the methods of its own routes', async () => {
    const options = await server.inject({ method: 'OPTIONS', url: '/api/orders/replay' });
    expect([options.statusCode, options.headers['allow'], options.body]).toEqual([204, 'OPTIONS, POST', '']);
    const get = await server.inject('/api/orders/replay');
    expect([get.statusCode, get.headers['allow']]).toEqual([405, 'OPTIONS, POST']);
    expect((await server.inject({ method: 'POST', url: '/api/orders/replay' })).statusCode).toBe(200);
    const other = await server.inject({ method: 'OPTIONS', url: '/api/orders/7' });
    expect(other.headers['allow']).toBe('GET, HEAD, OPTIONS');
  });

  test.each<[string, Record<string, string>, string | Buffer, number, string]>([
    [
      'a compressed body',
      { 'content-encoding': 'gzip' },
      gzipSync('{}'),
      415,
      'unsupported-content-encoding',
    ],
    ['an unknown encoding', { 'content-encoding': 'nonsense' }, '{}', 415, 'unsupported-content-encoding'],
    ['UTF-16', { 'content-type': 'application/json; charset=utf-16' }, '{}', 415, 'unsupported-charset'],
    [
      'Latin 1',
      { 'content-type': 'application/json;charset="iso-8859-1"' },
      '{}',
      415,
      'unsupported-charset',
    ],
    ['what is not UTF-8', {}, Buffer.from([0x22, 0xff, 0x22]), 400, 'invalid-json'],
    ['an overlong form', {}, Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 400, 'invalid-json'],
    ['half a pair in UTF-8', {}, Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 400, 'invalid-json'],
  ])('%s is refused with the right reason', async (_what, headers, payload, status, type) => {
    const answer = await post(payload, headers);
    expect(answer.json()).toMatchObject({ status, type: `urn:emporium:problem:${type}` });
  });

  test.each([
    'application/vnd.emporium.order+json',
    'application/problem+json; charset=UTF-8',
    'Application/JSON;charset="utf-8"',
  ])('%s is JSON', async (type) => {
    const answer = await post({ lines: [{ sku: 'A', quantity: 1 }] }, { 'content-type': type });
    expect(answer.statusCode).toBe(202);
  });

  test('a thrown problem answers with its status, headers, fields and members', async () => {
    const answer = await server.inject('/api/impossible');
    expect(answer.headers['retry-after']).toBe('7');
    expect(answer.json()).toMatchObject({
      type: 'urn:emporium:problem:unknown-sku',
      title: 'Unprocessable Entity',
      status: 422,
      detail: 'There is no sku X.',
      errors: [{ field: 'lines[0].sku', message: 'is unknown' }],
      skus: ['X'],
    });
  });
});

describe('an internal error', () => {
  test.each(['/api/broken', '/api/not-an-error', '/api/wrong-answer'])(
    '%s is answered with the correlation id and no details, and is logged',
    async (url) => {
      const answer = await server.inject({ url, headers: { 'x-correlation-id': 'corr-12345' } });
      expect(answer.statusCode).toBe(500);
      expect(answer.json()).toEqual({
        type: 'urn:emporium:problem:internal-error',
        title: 'Internal Server Error',
        status: 500,
        detail: expect.stringContaining('correlation id'),
        instance: url,
        correlationId: 'corr-12345',
      });
      expect(lines.map((line) => JSON.parse(line))).toContainEqual(
        expect.objectContaining({
          'log.level': 'error',
          'emporium.correlation_id': 'corr-12345',
          'http.route': url,
          'error.message': expect.any(String),
        }),
      );
    },
  );
});

test('a value that the database cannot store answers 422', async () => {
  const answer = await server.inject({ url: '/api/unstorable' });
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({ type: 'urn:emporium:problem:unstorable' });
  expect(answer.body).not.toContain('hunter2');
  expect(lines.join()).toContain('refused: ');
});

describe('correlation', () => {
  test('the correlation id and the trace of the request are in the log and in the response', async () => {
    const headers = {
      'x-correlation-id': 'corr-12345',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const answer = await server.inject({ url: '/api/broken', headers });
    expect(answer.headers['x-correlation-id']).toBe('corr-12345');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      message: 'about to break',
      'emporium.correlation_id': 'corr-12345',
      'trace.id': '0af7651916cd43dd8448eb211c80319c',
      'span.id': expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  test.each(['short', 'x'.repeat(65), 'bad chars!', 'new\tline-and-more'])(
    '%j is replaced by a new one',
    async (given) => {
      const answer = await server.inject({ url: '/health/live', headers: { 'x-correlation-id': given } });
      expect(answer.headers['x-correlation-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    },
  );
});

describe('access', () => {
  const askAdmin = (headers: Record<string, string>) => server.inject({ url: '/api/admin/things', headers });

  test('a missing, malformed, invalid or expired token answers 401', async () => {
    const old = await bearer('administrator', -10);
    for (const headers of [
      {},
      { authorization: 'Basic abc' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer abc' },
      old,
    ]) {
      const answer = await askAdmin(headers);
      expect(answer.json()).toMatchObject({ status: 401 });
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  test('a route for administrators answers a customer with 403', async () => {
    expect((await askAdmin(await bearer('customer'))).json()).toMatchObject({ status: 403 });
    expect((await askAdmin(await bearer('administrator'))).statusCode).toBe(200);
  });

  test('the token is checked before the body is read', async () => {
    expect((await post('{"bad', { authorization: 'Bearer abc' })).statusCode).toBe(401);
  });

  test('a route that declares no access is an error', async () => {
    const forgetful: Routes = (app) => {
      app.get('/api/forgotten', () => ({}));
    };
    const start = createHttpServer({ log, api, health: createHealth(), tokens, routes: [forgetful] });
    await expect(start).rejects.toThrow(/GET \/api\/forgotten declares no config.access/);
  });

  test('reading the user in a public route is an error', async () => {
    const confused: Routes = (app) => {
      app.get('/api/confused', { config: { access: 'public' } }, (request) => currentUser(request));
    };
    const other = await createHttpServer({ log, api, health: createHealth(), tokens, routes: [confused] });
    expect((await other.inject('/api/confused')).statusCode).toBe(500);
    await other.close();
  });
});

describe('what every server offers', () => {
  test('liveness, and readiness by its checks', async () => {
    const health = createHealth();
    health.add('database', () => {
      throw new Error('down');
    });
    const other = await createHttpServer({ log, api, health, routes: [] });
    expect((await other.inject('/health/live')).statusCode).toBe(200);
    const ready = await other.inject('/health/ready');
    expect(ready.statusCode).toBe(503);
    expect(ready.json().checks).toEqual({ database: { status: 'failed', reason: 'down' } });
    await other.close();
  });

  test('an OpenAPI document that could not be made once is made by the next request', async () => {
    let isBroken = false;
    const schema = {
      get summary() {
        if (isBroken) throw new Error('not now');
        return 'a thing';
      },
    };
    const described: Routes = (app) => {
      app.get('/thing', { schema }, () => 'a thing');
    };
    const other = await createHttpServer({ log, api, health: createHealth(), routes: [described] });
    await other.ready();
    isBroken = true;
    expect((await other.inject('/openapi.json')).statusCode).toBe(500);
    isBroken = false;
    expect((await other.inject('/openapi.json')).json().paths).toHaveProperty('/thing');
    await other.close();
  });

  test('an OpenAPI document from the same schemas', async () => {
    const { openapi, paths, components } = (await server.inject('/openapi.json')).json();
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths)).not.toContain('/health/live');
    const placing = paths['/api/orders'].post;
    expect(placing.security).toEqual([{ token: [] }]);
    expect(placing.requestBody.content['application/json'].schema).toMatchObject({
      required: ['lines'],
      additionalProperties: false,
    });
    expect(Object.keys(placing.responses)).toEqual(['200', '400', '401', '413', '415', '431', '5XX']);
    expect(placing.responses['415'].content).toEqual({
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    });
    expect(components.schemas.Problem.properties).toMatchObject({ type: {}, detail: {}, instance: {} });
    expect(paths['/api/orders/{id}'].get.security).toBeUndefined();
    expect(placing.requestBody.required).toBe(true);
    expect(paths['/api/defaults'].post.requestBody.required).toBe(false);
  });

  test('Swagger UI at /docs', async () => {
    expect((await server.inject('/docs')).headers['location']).toBe('/docs/');
    const page = await server.inject('/docs/');
    expect(page.body).toContain('swagger-ui');
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    expect((await server.inject('/docs/static/swagger-initializer.js')).body).toContain('/openapi.json');
    for (const url of [
      '/docs/static/../../package.json',
      '/docs/..%2f..%2fpackage.json',
      '/docs/static/%2e%2e/package.json',
      '/docs/nothing',
      '/docs/static/nothing.js',
      '/docs/static/.env',
    ]) {
      const answer = await server.inject(url);
      expect([url, answer.statusCode, answer.headers['content-type']]).toEqual([
        url,
        404,
        'application/problem+json',
      ]);
    }
  });
});
