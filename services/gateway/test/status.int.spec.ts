import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { freePort } from '@emporium/servers';
import {
  createLog,
  createTokenIssuer,
  generateKeyPair,
  type ProcessDetails,
  parseConfig,
  privateKeyFromText,
  type Role,
  startInOrder,
} from '@emporium/service';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addresses } from '../src/addresses.ts';
import { createApp } from '../src/app.ts';
import { config } from '../src/config.ts';

const keys = generateKeyPair();
const privateKey = privateKeyFromText(keys.privateKey);
if (privateKey === undefined) throw new Error('no key');
const issuer = createTokenIssuer(privateKey);
const tokenOf = async (role: Role) => (await issuer.issue({ userId: 'u1', role })).token;

const details = (more: Partial<ProcessDetails> = {}): ProcessDetails => ({
  version: '0.1.0',
  startedAt: new Date(Date.now() - 7_500_000).toISOString(),
  status: 'ready',
  checks: { database: { status: 'ok' }, broker: { status: 'ok' } },
  figures: [],
  errors: [],
  ...more,
});

const names = [...new Set([...addresses.map(({ service }) => service), 'email-worker'])];
const sendJson = (response: ServerResponse, body: object, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** How a process answers `/health/details`. */
let answers: Map<string, (response: ServerResponse) => void>;
/** The requests for figures, by process. */
let asked: string[] = [];
const servers = names.map((name) =>
  createServer((request, response) => {
    if (request.url === '/health/details') asked.push(name);
    const answer = answers.get(name) ?? ((to: ServerResponse) => sendJson(to, details()));
    answer(response);
  }),
);
/** Accepts connections and never answers. */
const silent = createTcpServer();
let url: string;
let stop: () => Promise<void>;
const variableOf = (name: string) => `${name.toUpperCase().replaceAll('-', '_')}_URL`;
const addressOf = (server: { address(): AddressInfo | string | null }) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port, not on a pipe

beforeAll(async () => {
  await Promise.all([...servers, silent].map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const urls = Object.fromEntries(
    names.map((name, index) => [variableOf(name), addressOf(servers[index] ?? silent)]),
  );
  const port = await freePort();
  const environment = {
    PORT: String(port),
    JWT_PUBLIC_KEY: keys.publicKey,
    ...urls,
    LOYALTY_URL: 'http://127.0.0.1:9',
    SHIPPING_URL: addressOf(silent),
  };
  const log = createLog({ service: 'gateway', level: 'warn', destination: { write: () => undefined } });
  const app = await createApp(parseConfig(config, environment), log);
  const started = await startInOrder(app, new AbortController().signal);
  url = `http://127.0.0.1:${port}`;
  stop = () => started.stop(AbortSignal.timeout(5_000));
});
afterAll(async () => {
  await stop();
  for (const server of servers) server.closeAllConnections();
  for (const server of [...servers, silent]) server.close();
});
beforeEach(() => {
  answers = new Map();
  asked = [];
});

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}${path}`, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
};

/** Waits until no round of requests before this test is shared any more. */
const fresh = () => new Promise((resolve) => setTimeout(resolve, 1_100));

const processesOf = async (path = '/status.json', headers: Record<string, string> = {}) => {
  const { text } = await get(path, headers);
  const { processes }: { processes: readonly { name: string; state: string; reasons?: object }[] } =
    JSON.parse(text);
  return new Map(processes.map((process) => [process.name, process]));
};

test('a process that is away, slow, wrong or endless is named, and the page still comes in 2.5 s', async () => {
  await fresh();
  answers.set('order', (response) => sendJson(response, { error: 'boom' }, 500));
  answers.set('email', (response) => void response.end('<html>not JSON'));
  answers.set('inventory', (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = 'x'.repeat(65_536);
    const more = () =>
      response.destroyed || (response.write(chunk) ? setImmediate(more) : response.once('drain', more));
    more();
  });
  answers.set('payment', (response) => sendJson(response, { ...details(), startedAt: 'yesterday' }));
  answers.set('bridge', (response) => response.writeHead(200).write('{'));
  answers.set('operations', (response) =>
    sendJson(
      response,
      details({ status: 'degraded', checks: { broker: { status: 'degraded', reason: 'away' } } }),
    ),
  );
  const began = performance.now();
  const token = await tokenOf('administrator');
  const processes = await processesOf('/admin/status.json', { authorization: `Bearer ${token}` });
  expect(performance.now() - began).toBeLessThan(2_500);
  const states = Object.fromEntries([...processes].map(([name, { state }]) => [name, state]));
  expect(states).toMatchObject({
    gateway: 'ready',
    'email-worker': 'ready',
    mailbox: 'ready',
    loyalty: 'away',
    shipping: 'away',
    bridge: 'away',
    order: 'unknown',
    email: 'unknown',
    inventory: 'unknown',
    payment: 'unknown',
    operations: 'degraded',
  });
  const reasons = (name: string) => processes.get(name)?.reasons;
  expect(reasons('shipping')).toEqual({ answer: 'no answer within 2000 ms' });
  expect(reasons('loyalty')).toEqual({ answer: expect.stringContaining('ECONNREFUSED') });
  expect(reasons('order')).toEqual({ answer: 'HTTP 500, without its state' });
  expect(reasons('inventory')).toEqual({ answer: expect.stringContaining('more than 524288 bytes') });
});

test('fifty readers cost one round of requests', async () => {
  await fresh();
  await Promise.all(Array.from({ length: 50 }, (_, index) => get(index % 2 ? '/status' : '/status.json')));
  const counts = new Set(names.map((name) => asked.filter((each) => each === name).length));
  expect(counts).toEqual(new Set([0, 1])); // 0: those that are away
  expect(asked.filter((name) => name === 'order')).toHaveLength(1);
});

test('a state is known since the gateway has seen it, also when nobody reads the page', async () => {
  const before = await processesOf();
  const since = (processes: ReadonlyMap<string, object>) =>
    Reflect.get(processes.get('loyalty') ?? {}, 'since');
  await fresh();
  expect(since(await processesOf())).toBe(since(before));
});

const html = { accept: 'text/html' };

test('the page needs no script, and its policy allows none', async () => {
  const { status, headers, text } = await get('/status', html);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/,
  );
  expect(headers.get('vary')).toContain('accept');
  expect(text).not.toMatch(/<script|http-equiv="refresh"| style=/);
  expect(text).toContain('<th scope="col">Service</th>');
  expect(text).toMatch(/loyalty and shipping have not answered since \d\d:\d\d UTC/);
  expect(text).toContain('>2 h 5 min<');
});

test('a browser loads it again by itself only when that is requested', async () => {
  expect((await get('/status?refresh=10', html)).text).toContain('<meta http-equiv="refresh" content="10">');
  const { status, text } = await get('/status?refresh=0', html);
  expect(status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({
    errors: [{ field: 'query.refresh', message: 'must be 5 or more' }],
  });
});

test('what a process sends is escaped, and for everybody only its state', async () => {
  await fresh();
  const hostile = '"><script>alert(1)</script>';
  answers.set('email', (response) =>
    sendJson(
      response,
      details({
        version: hostile,
        status: 'not-ready',
        checks: {
          [hostile]: { status: 'failed', reason: hostile },
          'email.orders': {
            status: 'paused',
            since: new Date().toISOString(),
            by: hostile,
            reason: `why ${hostile}`,
          },
        },
        errors: [
          {
            time: new Date().toISOString(),
            message: `an error ${hostile}`,
            code: hostile,
            correlationId: hostile,
          },
        ],
      }),
    ),
  );
  const authorization = `Bearer ${await tokenOf('administrator')}`;
  const everybody = await get('/status', html);
  const administrator = await get('/admin/status', { ...html, authorization });
  expect([everybody.status, administrator.status]).toEqual([200, 200]);
  for (const { text } of [everybody, administrator]) expect(text).not.toContain('<script');
  expect(administrator.text).toContain('an error &#34;&#62;&#60;script&#62;');
  expect(administrator.text).toContain('why &#34;');
  expect(everybody.text).toContain('email.orders');
  expect(everybody.text).not.toMatch(/an error|why &#34;|ECONNREFUSED/);
});

test('details are for administrators', async () => {
  expect((await get('/admin/status.json')).status).toBe(401);
  const { status, text } = await get('/admin/status', html);
  expect(status).toBe(401);
  expect(text).toContain('<input type="hidden" name="next" value="/admin/status">');
  const customer = { authorization: `Bearer ${await tokenOf('customer')}` };
  expect((await get('/admin/status.json', customer)).status).toBe(403);
  const cookie = `emporium-session=${await tokenOf('administrator')}`;
  expect((await get('/admin/status', { ...html, cookie })).text).toContain('Last errors');
});

test('the details of processes cannot be read through the gateway', async () => {
  for (const path of ['/health/details', '/api/orders/%2e%2e/%2e%2e/health/details'])
    expect((await get(path)).text).not.toContain('startedAt');
  expect((await get('/health/details')).status).toBe(404);
});
