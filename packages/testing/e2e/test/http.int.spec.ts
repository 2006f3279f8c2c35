import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { METHODS, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Shop, services, startShop } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createShopClient, type ShopClient } from '../src/index.ts';
import { type Document, hostileRequests, type WalkedRequest } from './support/walk-routes.ts';

const serving = services.map(({ name }) => name).filter((name) => name !== 'gateway');

describe('HTTP requests to the processes of a whole shop', () => {
  let shop: Shop;
  let client: ShopClient;
  let dataDir: string;
  let token: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'emporium-http-'));
    const env = { '*': { LOG_LEVEL: 'info' }, 'user-registration': { REGISTRATIONS_PER_MINUTE: '0' } };
    shop = await startShop({ dataDir, port: await freePort(), env });
    client = createShopClient(shop.url, shop.admin);
    token = await client.login(shop.admin);
  }, 180_000);
  afterAll(async () => {
    await shop?.stop();
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
  });

  const faultsOf = async (service: string) =>
    (await readFile(join(shop.logDir, `${service}.log`), 'utf8'))
      .split('\n')
      .filter((line) => line.includes('request failed'));

  test('a flood of log-ins is refused at once, and other requests stay fast', async () => {
    const ada = await client.register('Ada', `flooded.${Date.now()}@example.com`); // also when tried again
    const timed = async (method: string, path: string, options: object = {}) => {
      const began = performance.now();
      const { status, headers } = await client.http.request(method, path, options);
      return { status, ms: performance.now() - began, retryAfter: headers.get('retry-after') };
    };
    // What so many requests take on this machine at this time.
    const began = performance.now();
    await Promise.all(Array.from({ length: 230 }, () => timed('GET', '/api/products')));
    const unhinderedMs = performance.now() - began;
    const logIns = Array.from({ length: 230 }, (_, index) =>
      timed('POST', '/api/sessions', {
        body: { email: `nobody${index}@example.com`, password: 'some guess' },
      }),
    );
    const cheap = [];
    for (let turn = 0; turn < 10; turn += 1) {
      cheap.push(await timed('GET', '/api/users/me', { token: ada.token }));
      cheap.push(await timed('GET', '/api/products'));
    }
    expect(cheap.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const answers = await Promise.all(logIns);
    const refused = answers.filter(({ status }) => status === 503);
    expect(answers.filter(({ status }) => status !== 401 && status !== 503)).toEqual([]);
    expect(answers.filter(({ status }) => status === 401).length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(150);
    expect(refused.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true);
    // All but the few that waited for a worker are refused at once.
    const times = refused.map(({ ms }) => ms).sort((one, other) => one - other);
    expect(times[149]).toBeLessThan(4_000 + 3 * unhinderedMs);
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(10_000 + 3 * unhinderedMs);
    expect(Math.max(...cheap.map(({ ms }) => ms))).toBeLessThan(4_000 + 3 * unhinderedMs);
    expect((await client.login(ada)).length).toBeGreaterThan(0);
  }, 60_000);

  test.each(serving)(
    '%s answers hostile parameters and bodies, and never with a server error',
    async (name) => {
      const address = shop.processes.get(name)?.address;
      const response = await fetch(`${address}/openapi.json`);
      const requests = response.status === 200 ? hostileRequests((await response.json()) as Document) : []; // as OpenAPI has it
      const wrong: string[] = [];
      const next = requests[Symbol.iterator]();
      const work = async () => {
        for (const each of next) wrong.push(...(await problemsOf(`${address}`, each, token)));
      };
      // At most as many as passwords are hashed at one time: more would be refused.
      await Promise.all(Array.from({ length: name === 'user-registration' ? 2 : 8 }, work));
      expect(wrong.slice(0, 20)).toEqual([]);
      expect(await faultsOf(name)).toEqual([]);
      if (requests.length === 0) expect(['email-worker', 'web']).toContain(name); // it only has health checks
    },
    300_000,
  );

  test.each([
    '/',
    '/api/products',
    '/api/orders',
    '/api/admin/dead-letters/replay',
    '/docs/',
    '/api/nothing',
  ])(
    'no method of %s is answered with a server error',
    async (path) => {
      for (const method of METHODS.filter((each) => each !== 'CONNECT')) {
        const { status, type } = await requestWithoutHeaders(`${shop.url}${path}`, method);
        expect([method, status < 500], `${status}`).toEqual([method, true]);
        if (status >= 400 && method !== 'HEAD')
          expect([method, type]).toEqual([method, 'application/problem+json']);
      }
      expect(await faultsOf('gateway')).toEqual([]);
    },
    60_000,
  );

  test('a path allows the same methods at the gateway as at its service', async () => {
    const options = await fetch(`${shop.url}/api/admin/dead-letters/replay`, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'OPTIONS, POST']);
    const query = await requestWithoutHeaders(`${shop.url}/api/products`, 'QUERY');
    expect([query.status, query.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test('one document describes the whole shop', async () => {
    const { paths, tags } = await client.http.call<{ paths: object; tags: readonly { name: string }[] }>(
      'GET',
      '/openapi.json',
    );
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/api/users',
        '/api/orders',
        '/api/products',
        '/api/admin/audit',
        '/api/mails',
      ]),
    );
    expect(tags.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['order', 'inventory', 'operations']),
    );
  });
});

/** The problems of a response: a server error, or a refusal without a problem document. */
const problemsOf = async (
  address: string,
  { url, ...init }: WalkedRequest,
  token: string,
): Promise<string[]> => {
  const headers = { authorization: `Bearer ${token}`, ...init.headers };
  const response = await fetch(`${address}${url}`, {
    ...init,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
  });
  const type = response.headers.get('content-type');
  if (type?.startsWith('text/event-stream')) await response.body?.cancel();
  else await response.arrayBuffer();
  const isRight = response.status < 400 || (response.status < 500 && type === 'application/problem+json');
  return isRight
    ? []
    : [`${response.status} ${type} ${init.method} ${url.slice(0, 200)} ${init.body?.slice(0, 200)}`];
};

/** A request without the headers that fetch adds, such as a content type. */
const requestWithoutHeaders = (url: string, method: string) =>
  new Promise<{ status: number; type: string | undefined; allow: string | undefined }>((resolve, reject) => {
    const sent = request(url, { method, agent: false }, (response) => {
      response.resume();
      const { 'content-type': type, allow } = response.headers;
      resolve({ status: response.statusCode ?? 0, type, allow });
    });
    sent.on('error', reject);
    sent.end();
  });
