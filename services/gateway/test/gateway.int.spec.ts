import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import { shop } from '@emporium/contracts';
import { freePort } from '@emporium/servers';
import {
  createLog,
  createTokenIssuer,
  generateKeyPair,
  parseConfig,
  privateKeyFromText,
  type Role,
  startInOrder,
} from '@emporium/service';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addresses } from '../src/addresses.ts';
import { createApp } from '../src/app.ts';
import { config } from '../src/config.ts';

interface Seen {
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const services = [...new Set(addresses.map(({ service }) => service))];
const keys = generateKeyPair();
const privateKey = privateKeyFromText(keys.privateKey);
if (privateKey === undefined) throw new Error('no key');
const issuer = createTokenIssuer(privateKey);

let seen: Seen[] = [];
let answer: (service: string, response: ServerResponse, request: Seen) => void;
const stubs = new Map<string, { server: Server; port: number }>();
let gateway: { url: string; port: number; stop: () => Promise<void> };
const lines: string[] = [];

const startStub = async (service: string, port = 0): Promise<void> => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const record = { service, method, url, headers, body };
      if (url.startsWith('/health/details')) return void response.writeHead(404).end(); // see status.int.spec.ts
      seen.push(record);
      answer(service, response, record);
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  stubs.set(service, { server, port: address.port });
};

/** The URLs of the stubs, but for those of `left out` services. */
const urlsOfStubs = (...leftOut: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    services
      .filter((service) => !leftOut.includes(service))
      .map((service) => [variableOf(service), `http://127.0.0.1:${stubs.get(service)?.port}`]),
  );

const startGateway = async (environment: Record<string, string>) => {
  const port = await freePort();
  const parsed = parseConfig(config, { PORT: String(port), JWT_PUBLIC_KEY: keys.publicKey, ...environment });
  const log = createLog({
    service: 'gateway',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  const started = await startInOrder(await createApp(parsed, log), new AbortController().signal);
  return { url: `http://127.0.0.1:${port}`, port, stop: () => started.stop(AbortSignal.timeout(5_000)) };
};

const variableOf = (service: string) => `${service.toUpperCase().replaceAll('-', '_')}_URL`;

beforeAll(async () => {
  await Promise.all(services.map((service) => startStub(service)));
  gateway = await startGateway({
    ...urlsOfStubs(),
    UPSTREAM_TIMEOUT_MS: '2000',
    UPSTREAM_CAPACITY: '5',
  });
});
afterAll(async () => {
  await gateway.stop();
  for (const { server } of stubs.values()) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => {
  seen = [];
  lines.length = 0;
  answer = (service, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ service }));
  };
});

const tokenOf = async (role: Role, lifetime = 60) =>
  (await issuer.issue({ userId: 'u1', role }, lifetime)).token;
const call = async (path: string, { token, ...options }: RequestInit & { token?: string } = {}) => {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...options.headers,
  };
  const response = await fetch(`${gateway.url}${path}`, { ...options, headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text.startsWith('{') ? JSON.parse(text) : undefined,
  };
};

describe('routing', () => {
  test.each([
    ['POST', '/api/users', 'user-registration', undefined],
    ['GET', '/api/users/me', 'user-registration', 'customer'],
    ['POST', '/api/sessions', 'user-registration', undefined],
    ['POST', '/api/orders', 'order', 'customer'],
    ['GET', '/api/orders/1?expand=lines&x=%20', 'order', 'customer'],
    ['POST', '/api/admin/orders/1/resume', 'order', 'administrator'],
    ['POST', '/api/admin/sagas/1/retry', 'order', 'administrator'],
    ['GET', '/api/admin/refunds', 'order', 'administrator'],
    ['GET', '/api/admin/reports/revenue?from=2026-01-01', 'order', 'administrator'],
    ['GET', '/api/products?limit=5', 'inventory', undefined],
    ['PATCH', '/api/admin/products/A', 'inventory', 'administrator'],
    ['GET', '/api/admin/dead-letters', 'operations', 'administrator'],
    ['GET', '/api/admin/audit', 'operations', 'administrator'],
    ['GET', '/api/admin/tasks', 'email', 'administrator'],
    ['GET', '/admin/tasks/queue/email.send', 'email', 'administrator'],
    ['POST', '/api/webhooks/carrier', 'shipping', undefined],
    ['GET', '/api/mails', 'mailbox', undefined],
    ['PUT', '/api/mailbox/faults', 'mailbox', undefined],
    ['PUT', '/simulator/faults', 'provider-simulator', undefined],
  ] as const)('%s %s goes to %s', async (method, path, service, role) => {
    const token = role === undefined ? {} : { token: await tokenOf(role) };
    const { status, body } = await call(path, { method, ...token });
    expect({ status, body }).toEqual({ status: 200, body: { service } });
    expect(seen).toMatchObject([{ method, url: path, service }]);
  });

  test.each(['/api/ordersx', '/api/unknown', '/payments/ledger', '/health/other'])(
    '%s does not exist',
    async (path) => {
      expect(await call(path, { token: await tokenOf('administrator') })).toMatchObject({
        status: 404,
        body: { status: 404 },
      });
      expect(seen).toEqual([]);
    },
  );

  test.each([
    ...new Set(addresses.filter(({ development }) => development !== true).map(({ service }) => service)),
  ])('it does not start without the URL of %s', (service) => {
    const environment = { PORT: '0', JWT_PUBLIC_KEY: keys.publicKey, ...urlsOfStubs(service) };
    expect(() => parseConfig(config, environment)).toThrow(
      `${variableOf(service)} is missing; for example ${variableOf(service)}=http://${service}:8080`,
    );
  });

  test('a development service that is not configured has no addresses', async () => {
    const production = await startGateway(urlsOfStubs('mailbox', 'provider-simulator', 'sensor-simulator'));
    expect((await fetch(`${production.url}/api/mails`)).status).toBe(404);
    expect((await fetch(`${production.url}/simulator/faults`)).status).toBe(404);
    await production.stop();
  });

  // HTTP clients normalise paths: these are written to the socket as they are.
  test.each([
    '/api/products/../admin/products',
    '/api/products/%2e%2e/admin/products',
    '/api/products/..%2fadmin/products',
    '/api/products/%2E./admin/products',
    '/api/products/..\\admin',
    '/api/products/%5c..%5cadmin',
    '/api/products/./x',
  ])('%s does not reach any service', async (path) => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    const [chunk] = await once(socket, 'data');
    expect(String(chunk)).toMatch(/^HTTP\/1.1 400 /);
    expect(seen).toEqual([]);
    socket.destroy();
  });
});

describe('access', () => {
  test.each(['/api/orders', '/api/users/me', '/api/admin/products', '/api/admin/audit'])(
    '%s needs a token',
    async (path) => {
      for (const token of [undefined, 'nonsense', await tokenOf('administrator', -5)]) {
        const { status, body, headers } = await call(path, token === undefined ? {} : { token });
        expect(status).toBe(401);
        expect(body.type).toMatch(/^urn:emporium:problem:/);
        expect(headers.get('www-authenticate')).toContain('Bearer');
      }
      expect(seen).toEqual([]);
    },
  );

  test.each(['/api/admin/orders', '/api/admin/products/x', '/api/admin/dead-letters', '/api/admin/audit'])(
    '%s needs an administrator',
    async (path) => {
      expect((await call(path, { token: await tokenOf('customer') })).status).toBe(403);
      expect(seen).toEqual([]);
    },
  );
});

describe('forwarding', () => {
  test('the body as it is, byte for byte, and the signature over it', async () => {
    const body = '{ "a" :1,\n"é": "\\u00e9" }';
    await call('/api/webhooks/carrier', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json; charset=utf-8', 'carrier-signature': 't=1,v1=x' },
    });
    expect(seen[0]?.body).toBe(body);
    expect(seen[0]?.headers).toMatchObject({
      'carrier-signature': 't=1,v1=x',
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
    });
  });

  test('a correlation id and a trace, given or new, in the request and in the answer', async () => {
    const { headers } = await call('/api/products');
    const id = headers.get('x-correlation-id');
    expect(seen[0]?.headers).toMatchObject({
      'x-correlation-id': id,
      traceparent: expect.stringMatching(/^00-/),
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await call('/api/products', { headers: { 'x-correlation-id': 'corr-12345', traceparent } });
    expect(seen[1]?.headers['x-correlation-id']).toBe('corr-12345');
    expect(seen[1]?.headers['traceparent']).toMatch(
      /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/,
    );
  });

  test('no header that only the gateway may set', async () => {
    const spoofed = {
      'x-user-id': 'root',
      'x-user-role': 'administrator',
      forwarded: 'for=1.2.3.4',
      'x-forwarded-for': '1.2.3.4',
    };
    await call('/api/products', { headers: spoofed });
    expect(seen[0]?.headers).not.toHaveProperty('x-user-id');
    expect(seen[0]?.headers).not.toHaveProperty('x-user-role');
    expect(seen[0]?.headers).not.toHaveProperty('forwarded');
    expect(seen[0]?.headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  test('the status, headers and problem document of the service', async () => {
    answer = (_service, response) => {
      response.writeHead(409, {
        'content-type': 'application/problem+json',
        'retry-after': '3',
        'emporium-version': 'AAAA',
        location: '/api/orders/1',
      });
      response.end('{"status":409}');
    };
    const { status, headers, body } = await call('/api/users', { method: 'POST', body: '{}' });
    expect({ status, body }).toEqual({ status: 409, body: { status: 409 } });
    expect(headers.get('retry-after')).toBe('3');
    expect(headers.get('emporium-version')).toBe('AAAA');
    expect(headers.get('location')).toBe('/api/orders/1');
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([204, 304])('an answer without a body: %d', async (status) => {
    answer = (_service, response) => void response.writeHead(status).end();
    expect(await call('/api/products', { method: 'GET' })).toMatchObject({ status, text: '' });
  });

  test('HEAD', async () => {
    answer = (_service, response) => void response.writeHead(200, { 'content-length': '10' }).end();
    const { status, headers, text } = await call('/api/products', { method: 'HEAD' });
    expect([status, headers.get('content-length'), text]).toEqual([200, '10', '']);
  });

  test('a large answer', async () => {
    const large = 'x'.repeat(3_000_000);
    answer = (_service, response) =>
      void response.writeHead(200, { 'content-type': 'text/plain' }).end(large);
    expect((await call('/api/products')).text).toBe(large);
  });
});

describe('what goes wrong', () => {
  test('a body over the limit answers 413, announced or not', async () => {
    const token = await tokenOf('customer');
    const body = 'x'.repeat(100_000);
    expect((await call('/api/orders', { method: 'POST', token, body })).status).toBe(413);
    const request = httpRequest(`${gateway.url}/api/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' },
    });
    request.on('error', () => undefined);
    const answered = once(request, 'response');
    request.end(body);
    expect((await answered)[0].statusCode).toBe(413);
    expect(seen).toEqual([]);
  });

  test('a service that is away answers 503 with Retry-After, and works again when it is back', async () => {
    const stub = stubs.get('inventory');
    if (stub === undefined) throw new Error('no stub');
    stub.server.closeAllConnections();
    stub.server.close();
    await once(stub.server, 'close');
    const { status, headers, body } = await call('/api/products');
    expect({ status, retry: headers.get('retry-after') }).toEqual({ status: 503, retry: '1' });
    expect(body).toMatchObject({
      type: 'urn:emporium:problem:service-away',
      detail: expect.stringContaining('inventory'),
    });
    expect((await call('/health/ready')).status).toBe(200);
    await startStub('inventory', stub.port);
    expect((await call('/api/products')).status).toBe(200);
  });

  test('a service that is too slow answers 504', async () => {
    answer = () => undefined;
    expect(await call('/api/products')).toMatchObject({
      status: 504,
      body: { type: 'urn:emporium:problem:service-too-slow' },
    });
  });

  test('a slow address does not slow down other addresses, nor reading writing', async () => {
    answer = (_service, response, { url, method }) => {
      const isSlow = url.startsWith('/api/sessions') || (url === '/api/users' && method === 'POST');
      if (!isSlow) response.writeHead(200).end();
    };
    const slow = Array.from({ length: 10 }, (_, index) =>
      call(index % 2 ? '/api/sessions' : '/api/users', { method: 'POST', body: '{}' }),
    );
    await expect.poll(() => seen.length).toBe(10);
    const token = await tokenOf('customer');
    const began = Date.now();
    expect((await call('/api/users/me', { token })).status).toBe(200);
    expect((await call('/api/users')).status).toBe(200);
    expect(Date.now() - began).toBeLessThan(1_000);
    await Promise.all(slow);
  });

  test('open streams take no capacity from other requests', async () => {
    const open: AbortController[] = [];
    answer = (_service, response, { url }) => {
      if (url.endsWith('/stream'))
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
      else response.writeHead(200).end();
    };
    for (let stream = 0; stream < 80; stream += 1) {
      const caller = new AbortController();
      open.push(caller);
      await fetch(`${gateway.url}/api/sensors/stream`, { signal: caller.signal });
    }
    expect((await call('/api/sensors/alerts')).status).toBe(200);
    for (const caller of open) caller.abort();
  });

  test('an unsupported method is answered 405 with the methods that the service names', async () => {
    answer = (_service, response, { method, url }) => {
      if (method === 'OPTIONS' && url === '/api/products/x') response.writeHead(204, { allow: 'GET, HEAD' });
      else response.writeHead(404);
      response.end();
    };
    for (const method of ['QUERY', 'PROPFIND', 'PURGE', 'OPTIONS']) {
      const { status, headers, body } = await call('/api/products/x', { method });
      expect([method, status]).toEqual([method, method === 'OPTIONS' ? 204 : 405]);
      expect(headers.get('allow')).toBe('GET, HEAD, OPTIONS');
      if (method !== 'OPTIONS') expect(body.type).toBe('urn:emporium:problem:method-not-allowed');
    }
    expect((await call('/api/orders/nowhere', { method: 'QUERY' })).status).toBe(404);
    const own = await call('/admin/session');
    expect([own.status, own.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    expect(lines).toEqual([]);
  });

  test('requests beyond the capacity are answered 503 at once', async () => {
    answer = () => undefined;
    const slow = Array.from({ length: 5 }, () => call('/api/products'));
    await expect.poll(() => seen.length).toBe(5);
    expect(await call('/api/products')).toMatchObject({
      status: 503,
      body: { type: 'urn:emporium:problem:service-busy' },
    });
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([504, 504, 504, 504, 504]);
  });

  test('a lost connection is retried for GET, and answered 503 for POST', async () => {
    let calls = 0;
    answer = (service, response) => {
      calls += 1;
      if (calls === 1) response.socket?.destroy();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ service }));
    };
    expect((await call('/api/products')).status).toBe(200);
    expect(calls).toBe(2);
    calls = 0;
    expect(await call('/api/sessions', { method: 'POST', body: '{}' })).toMatchObject({ status: 503 });
    expect(calls).toBe(1);
  });

  test('a response that is not HTTP is answered 502', async () => {
    answer = (_service, response) => void response.socket?.end('NONSENSE\r\n\r\n');
    expect((await call('/api/sessions', { method: 'POST', body: '{}' })).status).toBe(502);
  });

  describe('a stream of server-sent events', () => {
    let listeners: ServerResponse[] = [];
    beforeEach(() => {
      listeners = [];
      answer = (_service, response) => {
        listeners.push(response);
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      };
    });
    const listen = async (url: string, signal?: AbortSignal) => {
      const response = await fetch(`${url}/api/sensors/stream`, signal === undefined ? {} : { signal });
      if (response.body === null) throw new Error('no body');
      return response.body.pipeThrough(new TextDecoderStream()).getReader();
    };

    test('is forwarded as it arrives', async () => {
      const reader = await listen(gateway.url);
      expect((await reader.read()).value).toBe('data: 1\n\n');
      listeners[0]?.write('data: 2\n\n');
      expect((await reader.read()).value).toBe('data: 2\n\n');
      listeners[0]?.end();
      expect((await reader.read()).done).toBe(true);
    });

    test('is ended at the service when the caller disconnects', async () => {
      const caller = new AbortController();
      const reader = await listen(gateway.url, caller.signal);
      await reader.read();
      const closed = once(listeners[0] as ServerResponse, 'close');
      caller.abort();
      await closed;
    });

    test('is refused beyond its own limit, which does not count other requests', async () => {
      const other = await startGateway({ ...urlsOfStubs(), EVENT_STREAMS: '2' });
      const callers = [new AbortController(), new AbortController()];
      for (const { signal } of callers) await (await listen(other.url, signal)).read();
      const refused = await fetch(`${other.url}/api/sensors/stream`);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await refused.json()).toMatchObject({ type: 'urn:emporium:problem:too-many-streams' });
      const third = listeners[2];
      await expect.poll(() => third?.closed).toBe(true);
      answer = (_service, response) => response.writeHead(200).end();
      expect((await fetch(`${other.url}/api/sensors/alerts`)).status).toBe(200);
      answer = (_service, response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      callers[0]?.abort();
      await expect
        .poll(async () => {
          const { status, body } = await fetch(`${other.url}/api/sensors/stream`);
          await body?.cancel();
          return status;
        })
        .toBe(200);
      callers[1]?.abort();
      await other.stop();
    });

    test('waits while its service is restarted; another request does not', async () => {
      const stub = stubs.get('sensor-analytics');
      if (stub === undefined) throw new Error('no stub');
      stub.server.closeAllConnections();
      stub.server.close();
      await once(stub.server, 'close');
      expect((await call('/api/sensors/stream')).status).toBe(503);
      const headers = { accept: 'text/event-stream' };
      const began = Date.now();
      const waiting = fetch(`${gateway.url}/api/sensors/stream`, { headers });
      await new Promise((resolve) => setTimeout(resolve, 600));
      await startStub('sensor-analytics', stub.port);
      const response = await waiting;
      expect([response.status, Date.now() - began < 2_000]).toEqual([200, true]);
      await response.body?.cancel();
    });

    test('many are opened at the same time, and do not block other requests', async () => {
      const held: ServerResponse[] = [];
      answer = (_service, response, { url }) => {
        if (url.endsWith('/stream')) held.push(response);
        else response.writeHead(200).end();
      };
      const callers = new AbortController();
      const headers = { accept: 'text/event-stream' };
      const opening = Array.from({ length: 30 }, () =>
        fetch(`${gateway.url}/api/sensors/stream`, { headers, signal: callers.signal }),
      );
      await expect.poll(() => held.length).toBe(5); // the capacity of this gateway
      expect((await call('/api/sensors/alerts')).status).toBe(200);
      answer = (_service, response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
      for (const response of held)
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
      const statuses = (await Promise.all(opening)).map(({ status }) => status);
      expect(statuses).toEqual(Array(30).fill(200));
      callers.abort();
    });

    test('that waits for its service is answered 503 in the end', async () => {
      const other = await startGateway({
        ...urlsOfStubs(),
        SENSOR_ANALYTICS_URL: `http://127.0.0.1:${await freePort()}`,
        UPSTREAM_TIMEOUT_MS: '700',
      });
      const headers = { accept: 'text/event-stream' };
      const began = Date.now();
      const { status } = await fetch(`${other.url}/api/sensors/stream`, { headers });
      expect(status).toBe(503);
      expect(Date.now() - began).toBeGreaterThan(600);
      await other.stop();
    });

    test('may be silent for longer than a request may take', async () => {
      const other = await startGateway({ ...urlsOfStubs(), UPSTREAM_TIMEOUT_MS: '300' });
      const headers = { accept: 'text/event-stream' };
      const { body } = await fetch(`${other.url}/api/sensors/stream`, { headers });
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      expect((await reader?.read())?.value).toBe('data: 1\n\n');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      listeners[0]?.write('data: 2\n\n');
      expect((await reader?.read())?.value).toBe('data: 2\n\n');
      await reader?.cancel();
      await other.stop();
    });

    test('ends regularly, and at once, when the gateway stops', async () => {
      const other = await startGateway(urlsOfStubs());
      const reader = await listen(other.url);
      await reader.read();
      const closed = once(listeners[0] as ServerResponse, 'close');
      const began = Date.now();
      await Promise.all([other.stop(), closed]);
      expect((await reader.read()).done).toBe(true);
      expect(Date.now() - began).toBeLessThan(1_000);
    });
  });

  test('a caller who disconnects causes no error in the log', async () => {
    answer = () => undefined;
    await expect(call('/api/products', { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(lines.filter((line) => line.includes('"error"'))).toEqual([]);
  });
});

describe('the start page and the documents', () => {
  test('the front page lists the addresses', async () => {
    const { body } = await call('/');
    expect(body).toMatchObject({ name: 'Emporium', docs: '/docs/' });
    expect(body.addresses).toContainEqual({
      path: '/api/orders',
      service: 'order',
      access: 'user',
      streams: true,
    });
  });

  test('the page to set a password has a script that its policy names, and works with no other', async () => {
    const { status, text, headers } = await call('/reset-password');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const [script, ...others] = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(
      ([, inner = '']) => inner,
    );
    expect(others).toEqual([]);
    const hash = createHash('sha256')
      .update(script ?? '')
      .digest('base64');
    expect(headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      expect.stringMatching(/^style-src 'sha256-/),
      `script-src 'sha256-${hash}'`,
      "connect-src 'self'",
      "form-action 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(text).toMatch(/<noscript>.*needs JavaScript/);
    expect(script, 'the shop may be below a path').not.toContain("'/");
    expect(text).not.toMatch(/ on\w+=|style=|src=|https?:/);
  });

  test('the front page for a browser is the page of the web service, with its policy', async () => {
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    answer = (service, response) => {
      response.writeHead(200, {
        'content-type': 'text/html',
        'content-security-policy': "script-src 'self'",
      });
      response.end(`the page of ${service}`);
    };
    const { text, headers } = await call('/', { headers: { accept } });
    expect(text).toBe('the page of web');
    expect(headers.get('content-security-policy')).toBe("script-src 'self'");
    expect(headers.get('vary')).toContain('accept');
  });

  test('the page about the API has no script', async () => {
    const { text, headers } = await call('/api');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).toMatch(/<html lang="en">.*<title>.*<main>.*<h1>/s);
    expect(text).not.toMatch(/<script/i);
    for (const href of ['/docs/', '/openapi.json', '/admin', '/api/products', '/api/mails'])
      expect(text).toContain(`href="${href}"`);
    expect(text).toContain(`${gateway.url}/api/products`);
    expect(text).toContain('admin@emporium.example');
  });

  test.each(['application/json', '*/*', 'application/json, text/html;q=0.5', 'nonsense', ''])(
    'the front page is JSON for Accept: %j',
    async (accept) => {
      expect((await call('/', { headers: { accept } })).body).toMatchObject({ openapi: '/openapi.json' });
    },
  );

  test('the page about the API of a shop without development servers does not mention credentials', async () => {
    const production = await startGateway(urlsOfStubs('mailbox', 'provider-simulator', 'sensor-simulator'));
    const page = await (await fetch(`${production.url}/api`)).text();
    expect(page).not.toMatch(/password was made|href="\/api\/mails"/);
    await production.stop();
  });

  test('one document describes what the gateway forwards, and names the services that are away', async () => {
    answer = (service, response) => {
      const get = { responses: { 200: { description: 'Done' } } };
      const paths =
        service === 'order'
          ? { '/api/orders/{id}': { get }, '/api/products': { get }, '/internal': { get } }
          : {};
      response.writeHead(service === 'email' ? 500 : 200, { 'content-type': 'application/json' });
      response.end(
        service === 'email'
          ? 'no'
          : JSON.stringify({ info: { title: service }, paths, components: { schemas: { Problem: {} } } }),
      );
    };
    const { body } = await call('/openapi.json');
    expect(Object.keys(body.paths)).toEqual(['/api/orders/{id}']);
    expect(body.paths['/api/orders/{id}'].get.tags).toEqual(['order']);
    expect(body.components.schemas).toHaveProperty('Problem');
    expect(body.info.description).toContain(
      'Away right now, and not described: payment, email.'.replace('payment, ', ''),
    );
  });

  test('many requests for the document cause one to each service', async () => {
    const fresh = await startGateway(urlsOfStubs());
    const documents = Array.from({ length: 20 }, () => fetch(`${fresh.url}/openapi.json`));
    expect((await Promise.all(documents)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(seen.map(({ service, url }) => `${service} ${url}`).toSorted()).toEqual(
      services.map((service) => `${service} /openapi.json`).toSorted(),
    );
    await fresh.stop();
  });

  test('the events page shows each message with its owner, subscriptions, fields and example, and needs no script', async () => {
    const { status, text, headers } = await call('/docs/events');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).not.toMatch(
      /<script|style=|src=|https?:\/\/(?!shop\.example|json-schema|www\.w3\.org\/2000\/svg)/i,
    );
    for (const { type } of shop.contracts) expect(text).toContain(`<h3 id="${type}">${type}</h3>`);
    const placed1 = text.slice(text.indexOf('<h3 id="order.placed">'), text.indexOf('id="order.refunded"'));
    for (const part of [
      '<dt>Kind</dt><dd>Event, <strong>deprecated</strong></dd>',
      '<dt>Versions</dt><dd>1, <a href="#order.placed.v2">2</a></dd>',
      '<dt>Published by</dt><dd>order</dd>',
      '<td><code>lines[].unitPrice.amount</code></td><td>integer, 0 to 1000000000000</td><td>yes</td>',
      '&#34;subject&#34;: &#34;01990000-0000-7000-8000-000000000001&#34;',
      'urn:emporium:schema:order.placed:1',
    ])
      expect(placed1).toContain(part);
    expect(text).toContain('<dt>Handled by</dt><dd><code>inventory.commands</code></dd>');
    const flow = text.slice(text.indexOf('<h2 id="flow">'));
    expect(flow).toMatch(/<svg .*stroke-dasharray.*<a href="#inventory\.reserve-stock\.v2"><path .*<\/svg>/s);
    expect(flow).toContain('inventory_reserve_stock --&#62; stock_reserved');
    for (const [, id] of text.matchAll(/href="#([^"]+)"/g)) expect(text).toContain(` id="${id}"`);
  });

  test.each(['asyncapi.json', 'flow.json'])('/docs/%s is the committed one', async (name) => {
    const { status, text, headers } = await call(`/docs/${name}`);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    const committed = await readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
    expect(JSON.parse(text)).toEqual(JSON.parse(committed));
  });

  test.each(['/docs/events', '/docs/asyncapi.json', '/docs/flow.json'])(
    '%s can be requested with HEAD, and other methods and paths are refused',
    async (path) => {
      expect((await call(path, { method: 'HEAD' })).status).toBe(200);
      expect((await call(path, { method: 'POST' })).status).toBe(405);
      expect((await call(`${path}/more`)).status).toBe(404);
    },
  );

  test('the docs show the document of every service', async () => {
    expect((await call('/docs/')).text).toContain('swagger-ui');
    const { text } = await call('/docs/static/swagger-initializer.js');
    for (const service of services) expect(text).toContain(`/docs/${service}/openapi.json`);
    expect((await call('/docs/order/openapi.json')).body).toEqual({ service: 'order' });
    expect(seen).toMatchObject([{ service: 'order', url: '/openapi.json' }]);
  });
});
