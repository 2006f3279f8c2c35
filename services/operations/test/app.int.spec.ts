import { consume, type Transport } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { freePort, freshDatabase, serverFor } from '@emporium/servers';
import {
  createLog,
  createTokenIssuer,
  createTransport,
  generateKeyPair,
  parseConfig,
  privateKeyFromText,
  startInOrder,
} from '@emporium/service';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { config } from '../src/config.ts';
import { envelope } from './support/operations.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('operations with a broker'), () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let request: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Body }>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read the responses of every route
  type Body = any;
  const handled: string[] = [];
  let isBroken = true;
  let transport: Transport;

  beforeAll(async () => {
    const [own, broker] = [await freshDatabase(postgres.url), await freshDatabase(postgres.url)];
    cleanups.push(own.drop, broker.drop);
    const keys = generateKeyPair();
    const port = await freePort();
    const log = createLog({ service: 'test', level: 'silent' });

    transport = await createTransport({ url: broker.url, service: 'email', log });
    await transport.topology(shop).apply();
    const subscription = shop.subscription('email.welcome');
    if (subscription === undefined) throw new Error('no subscription');
    const consumer = await consume({
      transport,
      registry: shop,
      subscription: { ...subscription, retry: { attempts: 2, firstDelayMs: 10, maxDelayMs: 10 } },
      handles: subscription.to,
      run: async ({ id }) => {
        if (isBroken) throw new Error('not now');
        handled.push(id);
      },
      probe: async () => undefined,
      limits: { concurrency: 10 },
      log,
    });
    cleanups.unshift(() => consumer.stop().then(() => transport.close()));

    const steps = await createApp(
      parseConfig(config, {
        PORT: String(port),
        LOG_LEVEL: 'silent',
        DATABASE_URL: own.url,
        BUS_URL: broker.url,
        JWT_PUBLIC_KEY: keys.publicKey,
      }),
      log,
    );
    const started = await startInOrder(steps, new AbortController().signal);
    cleanups.unshift(() => started.stop(AbortSignal.timeout(5_000)));

    const privateKey = privateKeyFromText(keys.privateKey);
    if (privateKey === undefined) throw new Error('no key');
    const { token } = await createTokenIssuer(privateKey).issue({ userId: uuid(), role: 'administrator' });
    request = async (method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    };
  });
  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  /** Waits until the message has failed this many times, and returns its dead letter. */
  const failed = async (messageId: string, failureCount = 1): Promise<Body> => {
    for (let tries = 0; tries < 200; tries += 1) {
      const { body } = await request('GET', '/api/admin/dead-letters?limit=500');
      const found = body.deadLetters.find((each: Body) => each.messageId === messageId);
      if (found?.times === failureCount) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${messageId} did not become a dead letter`);
  };
  const waitUntilHandled = async (messageId: string): Promise<void> => {
    for (let tries = 0; !handled.includes(messageId); tries += 1) {
      if (tries === 200) throw new Error(`${messageId} was not handled`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  test('is ready when its database and its broker are available', async () => {
    expect(await request('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  test('a message that fails again on replay is handled when it is replayed after the handler is repaired', async () => {
    const id = uuid();
    isBroken = true;
    await request('POST', '/api/admin/messages', { subscription: 'email.welcome', body: envelope(id) });
    const deadLetter = await failed(id);
    expect(deadLetter).toMatchObject({
      reason: { code: 'bus.attempts_exhausted' },
      attempts: 2,
      status: 'open',
    });
    expect((await request('POST', `/api/admin/dead-letters/${deadLetter.id}/replay`)).status).toBe(200);
    await failed(id, 2);
    isBroken = false;
    expect((await request('POST', `/api/admin/dead-letters/${deadLetter.id}/replay`)).body.status).toBe(
      'replayed',
    );
    await waitUntilHandled(id);
  });

  test('a poison message does not block others, and is handled once its body is repaired', async () => {
    const [poison, good] = [uuid(), uuid()];
    isBroken = false;
    const send = (body: unknown) =>
      request('POST', '/api/admin/messages', { subscription: 'email.welcome', body });
    await send(envelope(poison, 'nobody'));
    await send(envelope(good));
    await waitUntilHandled(good);
    const deadLetter = await failed(poison);
    expect(deadLetter.reason).toMatchObject({
      code: 'bus.invalid_message',
      message: expect.stringContaining('data.email'),
    });
    const replayed = await request('POST', `/api/admin/dead-letters/${deadLetter.id}/replay`, {
      body: envelope(poison),
    });
    expect(replayed.status).toBe(200);
    await waitUntilHandled(poison);
  });

  test.each<[string, object, string]>([
    ['no JSON', { base64: Buffer.from('no JSON').toString('base64') }, 'bus.invalid_message'],
    ['an unknown type', { body: { ...envelope(uuid()), type: 'user.renamed' } }, 'bus.unknown_type'],
    ['too many hops', { body: { ...envelope(uuid()), hops: 33 } }, 'bus.too_many_hops'],
  ])('%s becomes a dead letter with its reason and its bytes', async (_, body, code) => {
    const sent = await request('POST', '/api/admin/messages', { subscription: 'email.welcome', ...body });
    const { id, reason } = await failed(sent.body.messageId);
    expect(reason.code).toBe(code);
    const { body: stored } = (await request('GET', `/api/admin/dead-letters/${id}`)).body;
    expect(stored.content).toEqual('base64' in body ? body.base64 : Object.values(body)[0]);
  });

  test('a message of a megabyte becomes a dead letter that can be shown and replayed', async () => {
    const subscription = shop.subscription('email.welcome');
    if (subscription === undefined) throw new Error('no subscription');
    const id = uuid();
    const body = new TextEncoder().encode(
      JSON.stringify({ ...envelope(id), padding: 'x'.repeat(1_048_576) }),
    );
    await transport.sendTo(subscription, { id, type: 'user.registered', key: id, body });
    const deadLetter = await failed(id);
    expect(deadLetter).toMatchObject({ size: body.byteLength, reason: { code: 'bus.message_too_big' } });
    const details = (await request('GET', `/api/admin/dead-letters/${deadLetter.id}`)).body;
    expect(details.body.content.padding).toHaveLength(1_048_576);
    expect((await request('POST', `/api/admin/dead-letters/${deadLetter.id}/replay`)).status).toBe(200);
    await failed(id, 2);
  });
});
