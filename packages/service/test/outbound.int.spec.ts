import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createOutbound, type Outbound, type OutboundRequest } from '../src/index.ts';

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

const answers =
  (status: number, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Respond =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const text =
  (status: number, body: string, type = 'application/json'): Respond =>
  (_, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
const silence: Respond = () => {};
const hangsUp: Respond = (request) => request.socket.destroy();

let server: Server;
let respond: Respond;
let requests: IncomingMessage[];
let outbound: Outbound;
let logged: string[];

beforeEach(async () => {
  [requests, logged] = [[], []];
  server = createServer((request, response) => {
    requests.push(request);
    request.resume().on('end', () => respond(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const write = (level: string) => (_: object, text: string) => void logged.push(`${level} ${text}`);
  outbound = createOutbound({
    peer: 'the bank',
    url: `http://127.0.0.1:${port}/v1/`,
    apiKey: 'key-12345',
    timeoutMs: 500,
    trialAfterMs: 100,
    log: { info: write('info'), warn: write('warn'), error: write('error') },
  });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const agreed = { success: z.object({ id: z.int() }), refusals: { 402: ['no', 'never'], 409: ['no'] } };
type Ask = OutboundRequest<typeof agreed.success, string>;
const ask = (more: Partial<Ask> = {}) =>
  outbound.request<typeof agreed.success, string>({
    ...{ method: 'POST', path: '/pay', signal: new AbortController().signal, ...agreed },
    ...more,
  });
const paid = answers(200, { id: 7 });
const isPaid = { kind: 'success', body: { id: 7 } };
const fail = async (): Promise<{ code: string; settle: string }> =>
  ask().then(
    () => Promise.reject(new Error('it was answered')),
    ({ code, settle }) => ({ code, settle }),
  );
/** One response after the other; the last one repeats. */
const inSequence = (...all: readonly Respond[]): void => {
  let next = 0;
  respond = (request, response) => {
    const at = Math.min(next, all.length - 1);
    next += 1;
    all[at]?.(request, response);
  };
};

describe('a request', () => {
  test('carries its key, the API key and its body as JSON', async () => {
    respond = answers(201, { id: 7 });
    expect(await ask({ body: { amount: 5 }, idempotencyKey: 'o-1/pay' })).toEqual(isPaid);
    expect(requests).toMatchObject([
      {
        method: 'POST',
        url: '/v1/pay',
        headers: {
          authorization: 'Bearer key-12345',
          'idempotency-key': 'o-1/pay',
          'content-type': 'application/json',
        },
      },
    ]);
  });

  test.each([
    [402, 'no'],
    [402, 'never'],
    [409, 'no'],
  ])('that is refused with %i and the code %s is answered once, with the refusal', async (status, code) => {
    respond = answers(status, { code });
    expect(await ask()).toEqual({ kind: 'refused', code });
    expect(requests).toHaveLength(1);
  });

  test.each<[string, Respond, string]>([
    ['a refusal with another code', answers(402, { code: 'maybe' }), 'outbound.unexpected'],
    ['the code of a refusal with another status', answers(422, { code: 'no' }), 'outbound.unexpected'],
    ['the code of a refusal with a 500', answers(500, { code: 'no' }), 'outbound.failed'],
    ['the code of a refusal with a 200', answers(200, { code: 'no' }), 'outbound.unexpected'],
    ['a refusal without a code', answers(402, {}), 'outbound.unexpected'],
    ['a refusal whose code is no text', answers(402, { code: ['no'] }), 'outbound.unexpected'],
    ['a refusal as a page', text(402, '<html>no</html>', 'text/html'), 'outbound.unexpected'],
    ['400', answers(400, { code: 'bad' }), 'outbound.unexpected'],
    ['403', answers(403), 'outbound.unexpected'],
    ['404', answers(404, { code: 'unknown' }), 'outbound.unexpected'],
    ['405', answers(405), 'outbound.unexpected'],
    ['410', answers(410), 'outbound.unexpected'],
    ['another success', answers(200, { id: 'seven' }), 'outbound.unexpected'],
    ['a success without a body', text(204, ''), 'outbound.unexpected'],
    ['an empty body', text(200, ''), 'outbound.unexpected'],
    ['a page', text(200, '<html>Log in</html>', 'text/html'), 'outbound.unexpected'],
    ['JSON that ends too early', text(200, '{"id": 7'), 'outbound.unexpected'],
    ['a list', answers(200, [{ id: 7 }]), 'outbound.unexpected'],
    ['null', answers(200, null), 'outbound.unexpected'],
    ['two megabytes', text(200, `{"id": 7, "x": "${'x'.repeat(2 ** 21)}"}`), 'outbound.failed'],
  ])('that is answered with %s is retried, and is not taken for a decision', async (_, answer, code) => {
    respond = answer;
    expect(await fail()).toEqual({ code, settle: 'retry' });
    expect(requests).toHaveLength(3);
    respond = paid;
    await ask(); // so that the breaker sees no five failures in a row
    inSequence(answer, answer, paid);
    expect(await ask()).toEqual(isPaid);
  });

  test.each([409, 423, 425])(
    'that is answered with %i is retried until the peer has finished',
    async (status) => {
      const busy = answers(status, { code: 'idempotency_key_in_use' });
      inSequence(busy, busy, busy, paid);
      const begun = performance.now();
      expect(await ask({ idempotencyKey: 'o-1/pay' })).toEqual(isPaid);
      expect(performance.now() - begun).toBeGreaterThan(1_700); // 250, 500 and 1000 ms at least
      expect(logged).toEqual([]);
    },
  );

  test.each([409, 429, 503])(
    'that is answered with %i waits for as long as Retry-After says',
    async (status) => {
      inSequence(answers(status, {}, { 'retry-after': '1' }), paid);
      const begun = performance.now();
      expect(await ask()).toEqual(isPaid);
      expect(performance.now() - begun).toBeGreaterThan(999);
    },
  );

  test.each([429, 503])(
    'that is answered with %i and a long Retry-After pauses deliveries',
    async (status) => {
      respond = answers(status, {}, { 'retry-after': '30' });
      await expect(ask()).rejects.toMatchObject({
        code: 'outbound.throttled',
        settle: 'pause',
        details: { retryAfterMs: 30_000 },
      });
      expect(requests).toHaveLength(1);
    },
  );

  test.each<[string, Respond]>([
    ['a time-out', silence],
    ['a 500', answers(500)],
    ['a 503', answers(503)],
    ['a lost connection', hangsUp],
    [
      'half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{');
      },
    ],
  ])('that failed with %s is retried with its idempotency key', async (_, trouble) => {
    inSequence(trouble, trouble, paid);
    expect(await ask({ idempotencyKey: 'o-1/pay' })).toEqual(isPaid);
    expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'o-1/pay',
      'o-1/pay',
      'o-1/pay',
    ]);
  });

  test('fails after three attempts, which count as one attempt of the delivery', async () => {
    respond = answers(500);
    await expect(ask()).rejects.toMatchObject({
      code: 'outbound.failed',
      settle: 'retry',
      message: 'The request failed: peer: the bank, request: POST /pay, status: 500',
    });
    expect(requests).toHaveLength(3);
  });

  test('that is aborted ends at once and is not retried', async () => {
    respond = silence;
    const abandoned = new AbortController();
    const asked = ask({ signal: abandoned.signal });
    await expect.poll(() => requests).toHaveLength(1);
    abandoned.abort(new Error('stopping'));
    await expect(asked).rejects.not.toHaveProperty('settle');
    await expect(ask({ signal: abandoned.signal })).rejects.toThrow('stopping');
    expect(requests).toHaveLength(1);
  });

  test('whose API key is refused pauses deliveries', async () => {
    respond = answers(401);
    expect(await fail()).toEqual({ code: 'outbound.key_refused', settle: 'pause' });
    expect(requests).toHaveLength(1);
  });

  test('does not follow a redirect, which would send the API key elsewhere', async () => {
    respond = (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    expect(await fail()).toEqual({ code: 'outbound.unexpected', settle: 'retry' });
    expect(requests.map(({ url }) => url)).toEqual(['/v1/pay', '/v1/pay', '/v1/pay']);
  });
});

describe('the circuit breaker', () => {
  const open = async () => {
    respond = answers(500);
    await fail();
    expect(await fail()).toEqual({ code: 'outbound.away', settle: 'pause' });
  };

  test('opens after five failures in a row: then no requests are made, and deliveries are paused', async () => {
    await open();
    expect(requests).toHaveLength(5);
    expect(await Promise.all(Array.from({ length: 10 }, fail))).toEqual(
      Array.from({ length: 10 }, () => ({ code: 'outbound.away', settle: 'pause' })),
    );
    expect(requests).toHaveLength(5);
    expect(logged).toEqual(['warn circuit breaker opened']);
  });

  test('reports how long to wait, and the last failure', async () => {
    await open();
    await expect(ask()).rejects.toMatchObject({
      details: { retryAfterMs: 100, peer: 'the bank' },
      message: expect.stringContaining('status: 500'),
    });
  });

  test('stays open while trials fail, and no delivery counts an attempt', async () => {
    await open();
    for (let round = 0; round < 4; round += 1) {
      await sleep(110);
      for (const failed of await Promise.all([fail(), fail(), fail()])) {
        expect(failed).toEqual({ code: 'outbound.away', settle: 'pause' });
      }
    }
    expect(requests.length).toBeLessThanOrEqual(5 + 4 * 3);
    expect(requests.length).toBeGreaterThan(5);
  });

  test('closes when trials succeed', async () => {
    await open();
    respond = paid;
    await sleep(110);
    expect(await Promise.all([ask(), ask(), ask(), ask()])).toHaveLength(4);
    expect(logged.at(-1)).toBe('info circuit breaker closed');
  });

  test('closes although one request always fails, which then counts attempts', async () => {
    await open();
    respond = (request, response) =>
      (request.headers['idempotency-key'] === 'bad' ? answers(500) : paid)(request, response);
    await sleep(110);
    const bad = () => ask({ idempotencyKey: 'bad' }).catch(({ code }: { code: string }) => code);
    const [first] = await Promise.all([bad(), ask(), ask(), ask(), ask()]);
    expect(['outbound.failed', 'outbound.away']).toContain(first);
    expect(logged.at(-1)).toBe('info circuit breaker closed');
    for (let times = 0; times < 3; times += 1) {
      expect(await ask()).toEqual(isPaid);
      expect(await bad()).toBe('outbound.failed');
    }
  });

  test('does not open for refusals, nor for failures between successes', async () => {
    respond = answers(409, { code: 'no' });
    for (let times = 0; times < 10; times += 1) await ask();
    inSequence(answers(500), answers(500), paid, answers(500), answers(500), paid, answers(500), paid);
    for (let times = 0; times < 3; times += 1) expect(await ask()).toEqual(isPaid);
    expect(logged).toEqual([]);
  });

  test.each([
    [401, 'key'],
    [404, 'neither a success nor a refusal'],
  ])(
    'opens for a peer that answers %i to every request, logs it once, and closes when the peer recovers',
    async (status, why) => {
      respond = answers(status);
      for (let times = 0; times < 5; times += 1) await fail();
      await expect(ask()).rejects.toMatchObject({
        code: 'outbound.away',
        settle: 'pause',
        message: expect.stringContaining(why),
      });
      for (let times = 0; times < 4; times += 1) {
        await sleep(110);
        await Promise.all([fail(), fail(), fail()]);
      }
      expect(logged).toEqual(['warn circuit breaker opened']);
      respond = paid;
      await sleep(110);
      await Promise.all([ask(), ask(), ask()]);
      expect(logged).toEqual(['warn circuit breaker opened', 'info circuit breaker closed']);
    },
  );
});

test('a peer that cannot be reached is treated as one that fails', async () => {
  const gone = createOutbound({
    peer: 'the bank',
    url: 'http://127.0.0.1:1',
    apiKey: 'key-12345',
    timeoutMs: 100,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  const asked = () =>
    gone.request({ method: 'GET', path: '/', signal: new AbortController().signal, ...agreed });
  await expect(asked()).rejects.toMatchObject({
    code: 'outbound.failed',
    message: expect.stringMatching(/ECONNREFUSED|bad port/),
  });
  await expect(asked()).rejects.toMatchObject({ code: 'outbound.away' });
});
