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
import { envelope } from './setting.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('operations beside a broker'), () => {
  const ends: (() => Promise<unknown>)[] = [];
  let ask: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Answer }>;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every route
  type Answer = any;
  const handled: string[] = [];
  let isBroken = true;
  let transport: Transport;

  beforeAll(async () => {
    const [own, broker] = [await freshDatabase(postgres.url), await freshDatabase(postgres.url)];
    ends.push(own.drop, broker.drop);
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
    ends.unshift(() => consumer.stop().then(() => transport.close()));

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
    ends.unshift(() => started.stop(AbortSignal.timeout(5_000)));

    const privateKey = privateKeyFromText(keys.privateKey);
    if (privateKey === undefined) throw new Error('no key');
    const { token } = await createTokenIssuer(privateKey).issue({ userId: uuid(), role: 'administrator' });
    ask = async (method, path, body) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    };
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  /** The dead letter of this message, as soon as it has died so often. */
  const dead = async (messageId: string, times = 1): Promise<Answer> => {
    for (let tries = 0; tries < 200; tries += 1) {
      const { body } = await ask('GET', '/api/admin/dead-letters?limit=500');
      const found = body.deadLetters.find((each: Answer) => each.messageId === messageId);
      if (found?.times === times) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${messageId} is no dead letter`);
  };
  const handles = async (messageId: string): Promise<void> => {
    for (let tries = 0; !handled.includes(messageId); tries += 1) {
      if (tries === 200) throw new Error(`${messageId} was not handled`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  test('is ready when its database and the broker answer', async () => {
    expect(await ask('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  test('a message that a handler fails dies, dies again on replay, and is handled once the fault is mended', async () => {
    const id = uuid();
    isBroken = true;
    await ask('POST', '/api/admin/messages', { subscription: 'email.welcome', body: envelope(id) });
    const letter = await dead(id);
    expect(letter).toMatchObject({ reason: { code: 'bus.attempts_exhausted' }, attempts: 2, status: 'open' });
    expect((await ask('POST', `/api/admin/dead-letters/${letter.id}/replay`)).status).toBe(200);
    await dead(id, 2);
    isBroken = false;
    expect((await ask('POST', `/api/admin/dead-letters/${letter.id}/replay`)).body.status).toBe('replayed');
    await handles(id);
  });

  test('a poison message does not stop the others, and is handled when it is repaired', async () => {
    const [poison, good] = [uuid(), uuid()];
    isBroken = false;
    const send = (body: unknown) =>
      ask('POST', '/api/admin/messages', { subscription: 'email.welcome', body });
    await send(envelope(poison, 'nobody'));
    await send(envelope(good));
    await handles(good);
    const letter = await dead(poison);
    expect(letter.reason).toMatchObject({
      code: 'bus.invalid_message',
      message: expect.stringContaining('data.email'),
    });
    const replayed = await ask('POST', `/api/admin/dead-letters/${letter.id}/replay`, {
      body: envelope(poison),
    });
    expect(replayed.status).toBe(200);
    await handles(poison);
  });

  test.each<[string, object, string]>([
    ['no JSON', { base64: Buffer.from('no JSON').toString('base64') }, 'bus.invalid_message'],
    ['an unknown type', { body: { ...envelope(uuid()), type: 'user.renamed' } }, 'bus.unknown_type'],
    ['too many hops', { body: { ...envelope(uuid()), hops: 33 } }, 'bus.too_many_hops'],
  ])('%s is a dead letter with its reason and its bytes', async (_, given, code) => {
    const sent = await ask('POST', '/api/admin/messages', { subscription: 'email.welcome', ...given });
    const { id, reason } = await dead(sent.body.messageId);
    expect(reason.code).toBe(code);
    const { body } = (await ask('GET', `/api/admin/dead-letters/${id}`)).body;
    expect(body.content).toEqual('base64' in given ? given.base64 : Object.values(given)[0]);
  });

  test('a megabyte is a dead letter with its reason, can be read, and goes out again', async () => {
    const subscription = shop.subscription('email.welcome');
    if (subscription === undefined) throw new Error('no subscription');
    const id = uuid();
    const body = new TextEncoder().encode(
      JSON.stringify({ ...envelope(id), padding: 'x'.repeat(1_048_576) }),
    );
    await transport.sendTo(subscription, { id, type: 'user.registered', key: id, body });
    const letter = await dead(id);
    expect(letter).toMatchObject({ size: body.byteLength, reason: { code: 'bus.message_too_big' } });
    const whole = (await ask('GET', `/api/admin/dead-letters/${letter.id}`)).body;
    expect(whole.body.content.padding).toHaveLength(1_048_576);
    expect((await ask('POST', `/api/admin/dead-letters/${letter.id}/replay`)).status).toBe(200);
    await dead(id, 2);
  });
});
