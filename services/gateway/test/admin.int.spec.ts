import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
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
import { createApp } from '../src/app.ts';
import { config } from '../src/config.ts';

const keys = generateKeyPair();
const privateKey = privateKeyFromText(keys.privateKey);
if (privateKey === undefined) throw new Error('no key');
const issuer = createTokenIssuer(privateKey);

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

let seen: Seen[] = [];
const textOf = async (request: IncomingMessage) => Buffer.concat(await request.toArray()).toString();

/** The gateway asks each service how it is; see status.int.spec.ts. */
const isHealth = ({ url = '' }: IncomingMessage) => url.startsWith('/health/');

/** The accounts: an address that begins with `admin` is an administrator's; the password is `right`. */
const accounts = createServer(async (request, response) => {
  if (isHealth(request)) return response.writeHead(404).end();
  const { email, password } = JSON.parse(await textOf(request));
  const json = (status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (password !== 'right') return json(401, { detail: 'The address or the password is wrong.' });
  const role: Role = email.startsWith('admin') ? 'administrator' : 'customer';
  const { token, expiresAt } = await issuer.issue({ userId: 'u1', role });
  return json(201, { token, expiresAt, user: { userId: 'u1', email, name: 'Ada', role } });
});
const pages = createServer((request, response) => {
  if (isHealth(request)) return response.writeHead(404).end();
  const { method = '', url = '', headers } = request;
  seen.push({ method, url, authorization: headers.authorization, cookie: headers.cookie });
  response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': "script-src 'self'" });
  return response.end('<p>queues');
});

/** Services that no test here calls. */
const nowhere = [
  'ORDER',
  'INVENTORY',
  'PAYMENT',
  'SHIPPING',
  'OPERATIONS',
  'SENSOR_ANALYTICS',
  'LOYALTY',
  'BRIDGE',
  'WEB',
];

let url: string;
let stop: () => Promise<void>;

beforeAll(async () => {
  const urls = await Promise.all(
    [accounts, pages].map(async (server) => {
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port, not on a pipe
    }),
  );
  const port = await freePort();
  const parsed = parseConfig(config, {
    PORT: String(port),
    JWT_PUBLIC_KEY: keys.publicKey,
    ...Object.fromEntries(nowhere.map((service) => [`${service}_URL`, 'http://127.0.0.1:9'])),
    USER_REGISTRATION_URL: urls[0],
    EMAIL_URL: urls[1],
  });
  const log = createLog({ service: 'gateway', level: 'silent' });
  const started = await startInOrder(await createApp(parsed, log), new AbortController().signal);
  url = `http://127.0.0.1:${port}`;
  stop = () => started.stop(AbortSignal.timeout(5_000));
});
afterAll(async () => {
  await stop?.();
  for (const server of [accounts, pages]) server.close();
});
beforeEach(() => {
  seen = [];
});

const html = { accept: 'text/html,*/*' };
const ask = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, { redirect: 'manual', ...init });
const send = (
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = { origin: url },
) => ask(path, { method: 'POST', body: new URLSearchParams(form), headers });
const signIn = (form: Record<string, string>) =>
  send('/admin/session', { email: 'admin@shop.example', password: 'right', ...form });
const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';', 1)[0] ?? '';

describe('a page for administrators', () => {
  test('answers a browser with the sign-in form, and others with a problem document, both 401', async () => {
    const page = await ask('/admin/tasks/queue/x?page=2', { headers: html });
    expect([page.status, page.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain('name="next" value="/admin/tasks/queue/x?page=2"');
    const other = await ask('/admin/tasks');
    expect([other.status, other.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
    expect(seen).toEqual([]);
  });

  test('is shown with a token, too', async () => {
    const { token } = await issuer.issue({ userId: 'u1', role: 'administrator' });
    const headers = { ...html, authorization: `Bearer ${token}` };
    expect(await (await ask('/admin/tasks', { headers })).text()).toBe('<p>queues');
    expect(seen[0]?.authorization).toBe(`Bearer ${token}`);
  });

  test('is refused to customers', async () => {
    const { token } = await issuer.issue({ userId: 'u2', role: 'customer' });
    for (const headers of [{ authorization: `Bearer ${token}` }, { cookie: `emporium-session=${token}` }]) {
      expect((await ask('/admin/tasks', { headers: { ...html, ...headers } })).status).toBe(403);
    }
    expect(seen).toEqual([]);
  });

  test('no page repeats the requested path as markup', async () => {
    const page = await ask('/admin/tasks?"><script>', { headers: html });
    expect(await page.text()).not.toContain('<script>');
  });
});

describe('signing in', () => {
  test('redirects to the requested page, with a session for it', async () => {
    const answer = await signIn({ next: '/admin/tasks/queue/x' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/admin/tasks/queue/x']);
    expect(answer.headers.get('set-cookie')).toMatch(/; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    const headers = { ...html, cookie: cookieOf(answer) };
    const page = await ask('/admin/tasks/queue/x', { headers });
    expect(await page.text()).toBe('<p>queues');
    expect(page.headers.get('content-security-policy')).toBe("script-src 'self'");
    expect(seen[0]).toMatchObject({ authorization: expect.stringMatching(/^Bearer ey/), cookie: undefined });
    expect(await (await ask('/admin', { headers })).text()).toContain('href="/admin/tasks"');
  });

  test.each([
    ['a wrong password', { password: 'wrong' }, 401, 'password is wrong'],
    ['an account of a customer', { email: 'ada@shop.example' }, 403, 'for administrators'],
  ])('with %s shows the form again, and says why', async (_, form, status, reason) => {
    const answer = await signIn({ next: '/admin/tasks', ...form });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([status, null]);
    const text = await answer.text();
    expect(text).toContain(reason);
    expect(text).toContain('value="/admin/tasks"');
  });

  test('redirects nowhere else', async () => {
    for (const next of [
      'https://evil.example/',
      '//evil.example/admin',
      '/api/users',
      '/admin?x\r\nSet-Cookie: a=b',
      '/admin/tasks?x\nSet-Cookie: a=b',
      '/admin/tasks/../../evil',
      '/admin/tasks/\u0000',
      '/admin/tasks?\u00e9',
      '/admin/elsewhere',
      '/admin/\\evil.example',
      '/administrator',
    ]) {
      const answer = await signIn({ next });
      expect([answer.status, answer.headers.get('content-type')], next).toEqual([
        400,
        'application/problem+json',
      ]);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  });

  test('and out works only from our own pages', async () => {
    const form = { email: 'admin@shop.example', password: 'right' };
    for (const headers of [{}, { origin: 'http://evil.example' }]) {
      expect((await send('/admin/session', form, headers)).status).toBe(403);
      expect((await send('/admin/session/end', {}, headers)).status).toBe(403);
    }
    const out = await send('/admin/session/end', {});
    expect([out.status, out.headers.get('location')]).toEqual([303, '/admin']);
    expect(out.headers.get('set-cookie')).toMatch(/^emporium-session=; Path=\/; Max-Age=0;/);
  });
});

describe('a session', () => {
  test('changes something from our own pages alone', async () => {
    const cookie = cookieOf(await signIn({}));
    const put = (headers: Record<string, string>) =>
      ask('/admin/tasks/api/queues/x/pause', { method: 'PUT', headers: { cookie, ...headers } });
    expect((await put({ origin: 'http://127.0.0.1:15672' })).status).toBe(403);
    expect((await put({})).status).toBe(403);
    expect(seen).toEqual([]);
    expect((await put({ origin: url })).status).toBe(200);
    expect(seen).toMatchObject([{ method: 'PUT', url: '/admin/tasks/api/queues/x/pause' }]);
  });

  test('is valid for the API too, which the pages call', async () => {
    const cookie = cookieOf(await signIn({}));
    expect((await ask('/api/admin/tasks', { headers: { cookie } })).status).toBe(200);
    expect(seen).toMatchObject([{ authorization: expect.stringMatching(/^Bearer ey/), cookie: undefined }]);
  });

  test('that is made up is refused', async () => {
    const cookie = 'emporium-session=nonsense';
    for (const path of ['/admin/tasks', '/api/admin/tasks'])
      expect((await ask(path, { headers: { cookie } })).status).toBe(401);
    expect(seen).toEqual([]);
  });
});
