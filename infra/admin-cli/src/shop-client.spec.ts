import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { describe, signIn } from './shop-client.ts';

const errors = [{ field: 'url', message: 'must begin with https:' }];

test.each([
  [{ status: 502, body: {} }, 'it answered 502'],
  [{ status: 404, body: { detail: 'There is no such webhook.' } }, 'There is no such webhook.'],
  [{ status: 422, body: { detail: 'url must begin with https:', errors } }, 'url must begin with https:'],
  [{ status: 422, body: { detail: 'It is refused.', errors } }, 'It is refused. url must begin with https:'],
])('a problem is said once: %j', (response, text) => expect(describe(response)).toBe(text));

/** A shop whose tokens are good for one request each, after which its sessions answer with these statuses. */
const startShop = async (...sessions: number[]) => {
  const seen: string[] = [];
  let valid = '';
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.statusCode = status;
      response.end(JSON.stringify(body));
    };
    seen.push(`${request.method} ${request.url}`);
    if (request.url === '/api/sessions') {
      const status = sessions.shift() ?? 500;
      valid = `token-${sessions.length}`;
      return answer(status, status === 200 ? { token: valid } : { detail: 'no session' });
    }
    const isValid = request.headers.authorization === `Bearer ${valid}`;
    valid = '';
    return answer(isValid ? 200 : 401, {});
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  const administrators = [{ email: 'ada@shop.example', password: 'a long enough password' }];
  return {
    ...{ seen, access: { url: `http://127.0.0.1:${port}`, administrators } },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

test('signs in again when its token has expired', async () => {
  await using shop = await startShop(200, 200);
  const client = await signIn(shop.access);
  expect((await client.request('GET', '/one')).status).toBe(200);
  expect((await client.request('GET', '/two')).status).toBe(200);
  expect(shop.seen).toEqual(['POST /api/sessions', 'GET /one', 'GET /two', 'POST /api/sessions', 'GET /two']);
});

test.each([401, 503])('answers %d when it cannot sign in again', async (status) => {
  await using shop = await startShop(200, status);
  const client = await signIn(shop.access);
  await client.request('GET', '/one');
  expect((await client.request('GET', '/two')).status).toBe(status);
});
