import { createMessages, type Message, newContext, readMessage } from '@emporium/bus';
import { type Contract, type Input, orderCompleted, shop } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import {
  createHealth,
  createHttpServer,
  createLog,
  createTokenIssuer,
  createTokenVerifier,
  generateKeyPair,
  privateKeyFromText,
  publicKeyFromText,
  startInOrder,
} from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { onWebhookEvents } from '../../src/handlers/webhooks.ts';
import { migrations } from '../../src/migrations/index.ts';
import type { Tables } from '../../src/store/tables.ts';
import { createWebhooks, type WebhookOptions } from '../../src/webhooks/webhooks.ts';

const pair = generateKeyPair();
const [publicKey, privateKey] = [publicKeyFromText(pair.publicKey), privateKeyFromText(pair.privateKey)];
if (publicKey === undefined || privateKey === undefined) throw new Error('no keys');
const issuer = createTokenIssuer(privateKey);
const verifier = createTokenVerifier(publicKey);

export const administratorId = uuid();

// biome-ignore lint/suspicious/noExplicitAny: tests read the responses of every route
type Body = any;

export type BridgeOptions = Partial<Omit<WebhookOptions, 'store' | 'log'>>;

/** The webhooks of the service on their own database, without a broker. */
export const openBridge = async (adminUrl: string, options: BridgeOptions = {}) => {
  const database = await freshDatabase(adminUrl);
  const lines: string[] = [];
  const log = createLog({
    service: 'test',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  const cleanups: (() => Promise<unknown>)[] = [];
  const subscription = shop.subscription('bridge.webhooks');
  if (subscription === undefined) throw new Error('bridge.webhooks is not registered');

  /** Another process of the service on the same database. */
  const instance = () => {
    const store: Store<Tables> = createStore({ service: 'bridge', registry: shop, url: database.url, log });
    cleanups.unshift(() => store.close());
    const webhooks = createWebhooks({
      ...{ store, log, allowPrivate: true, disableAfterDays: 5, timeoutMs: 1_000 },
      ...options,
    });
    const { run, handles } = store.runner(subscription, onWebhookEvents);
    return {
      store,
      webhooks,
      handle: (message: Message) => run(message, new AbortController().signal),
      /** In the form in which its owner publishes it. */
      handleBytes: (body: Uint8Array) =>
        run(readMessage(shop, new Set(handles), body), new AbortController().signal),
      /** Sends deliveries until the returned function is called. */
      start: async () => {
        const started = await startInOrder(webhooks.background, new AbortController().signal);
        const stop = () => started.stop(AbortSignal.timeout(5_000));
        cleanups.unshift(stop);
        return stop;
      },
    };
  };

  const first = instance();
  await first.store.migrate(migrations);
  const server = await createHttpServer({
    log,
    api: { title: 'bridge', description: 'under test' },
    health: createHealth(),
    tokens: verifier,
    routes: first.webhooks.routes,
  });
  cleanups.unshift(() => server.close());

  const request = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
    role: 'administrator' | 'customer' = 'administrator',
  ): Promise<{ status: number; body: Body }> => {
    const { token } = await issuer.issue({ userId: administratorId, role });
    const answer = await server.inject({
      method,
      url: `/api/admin/webhooks${url}`,
      headers: { authorization: `Bearer ${token}` },
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json() };
  };

  return {
    ...first,
    database,
    lines,
    instance,
    request,
    /** Registers a webhook. */
    register: async (url: string, events: 'all' | readonly string[] = 'all') =>
      (await request('POST', '', { url, events })).body as { id: string; secret: string },
    webhook: async (id: string) => (await request('GET', `/${id}`)).body,
    deliveries: async (id: string, query = '') =>
      (await request('GET', `/${id}/deliveries?${query}`)).body.deliveries as Body[],
    close: async () => {
      for (const cleanup of cleanups) await cleanup();
      await database.drop();
    },
  };
};

export type Bridge = Awaited<ReturnType<typeof openBridge>>;

const messageOf = <C extends Contract>(contract: C, data: Input<C>): Message => {
  const [body] = bytesOf(contract, data);
  if (body === undefined) throw new Error('no message');
  return readMessage(shop, new Set<Contract>([contract]), body);
};

/** All versions of an event, as its owner publishes them. */
export const bytesOf = <C extends Contract>(contract: C, data: Input<C>): Uint8Array[] =>
  createMessages(contract.owner, contract, data, newContext()).map(({ body }) => body);

export const completed = (amount = 1_250): Message =>
  messageOf(orderCompleted, {
    orderId: uuid(),
    customerId: uuid(),
    total: { amount, currency: 'EUR' },
  });
