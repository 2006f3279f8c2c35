import {
  createMessage,
  type Envelope,
  type Message,
  type MessageOptions,
  newContext,
  readMessage,
} from '@emporium/bus';
import {
  type Contract,
  type Input,
  isControl,
  productListed,
  type ServiceName,
  shop,
} from '@emporium/contracts';
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
  type Role,
  startInOrder,
} from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { defineOrders } from '../../src/app.ts';
import { type Settings, settings } from '../../src/config.ts';
import type { OrderTables } from '../../src/store/tables.ts';

const pair = generateKeyPair();
const [publicKey, privateKey] = [publicKeyFromText(pair.publicKey), privateKeyFromText(pair.privateKey)];
if (publicKey === undefined || privateKey === undefined) throw new Error('no keys');
const issuer = createTokenIssuer(privateKey);
const verifier = createTokenVerifier(publicKey);

/** A message as it was published. */
export type Published = Envelope & { readonly data: Readonly<Record<string, unknown>> };

export interface RequestOptions {
  /** The id of the user, a customer unless `role` says otherwise. Without it the request has no token. */
  readonly as?: string;
  readonly role?: Role;
  readonly payload?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read the responses of all routes
type Body = any;

/** The composed service with its own database and without a broker: published messages stay in the outbox. */
export const openOrders = async (adminUrl: string, changes: Partial<Settings> = {}) => {
  const database = await freshDatabase(adminUrl);
  const lines: string[] = [];
  const log = createLog({
    service: 'order',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
  });
  const stores: Store<OrderTables>[] = [];

  /** A process of the service. */
  const createInstance = () => {
    const store = createStore<OrderTables>({ service: 'order', registry: shop, url: database.url, log });
    stores.push(store);
    const health = createHealth();
    const definition = defineOrders({ ...settings.parse({}), ...changes })({ store, health, log });
    const runs = shop.subscriptions
      .filter((each) => each.service === 'order' && !isControl(each))
      .map((subscription) => ({
        subscription,
        run: store.runner(subscription, definition.subscriptions?.[subscription.name] ?? []).run,
      }));
    /** Handles the message in all subscriptions to it; rejects when it would not be acked. */
    const handle = async (message: Message): Promise<void> => {
      const subscribed = runs.filter(({ subscription }) => subscription.to.includes(message.contract));
      if (subscribed.length === 0) throw new Error(`order has no subscription to ${message.contract.type}`);
      for (const { run } of subscribed) await run(message, new AbortController().signal);
    };
    return { store, definition, handle, health };
  };

  const { store, definition, handle, health } = createInstance();
  await store.migrate(definition.migrations);
  const server = await createHttpServer({
    log,
    api: { title: 'order', description: 'under test' },
    health,
    tokens: verifier,
    routes: definition.routes ?? [],
  });
  const background = await startInOrder(definition.background ?? [], new AbortController().signal);
  let listed = 0;

  return {
    url: database.url,
    store,
    server,
    health,
    lines,
    log,
    tokens: verifier,
    tokenOf: async (userId: string, role: Role = 'customer') => (await issuer.issue({ userId, role })).token,
    handle,
    createInstance,
    /** Delivers the message twice. */
    handleTwice: async (message: Message) => {
      await handle(message);
      await handle(message);
    },
    list: async (sku: string, amount: number, currency = 'EUR') => {
      listed += 1;
      const product = { sku, name: sku, price: { amount, currency } };
      await handle(messageOf('inventory', productListed, product, { sequence: listed }));
    },
    ask: async (
      method: 'GET' | 'POST',
      url: string,
      { as, role = 'customer', payload, headers }: RequestOptions = {},
    ) => {
      const token = as === undefined ? undefined : (await issuer.issue({ userId: as, role })).token;
      const answer = await server.inject({
        method,
        url,
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
        ...(payload === undefined ? {} : { payload: payload as object }),
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.json() as Body };
    },
    /** The messages published since the last call, in order. */
    published: async (): Promise<Published[]> => {
      const { rows } = await sql<{ id: number; body: Buffer }>`delete from outbox returning id, body`.execute(
        store.db,
      );
      return rows.toSorted((one, other) => one.id - other.id).map(({ body }) => JSON.parse(body.toString()));
    },
    close: async () => {
      await background.stop(AbortSignal.timeout(5_000));
      await server.close();
      await Promise.all(stores.map((each) => each.close()));
      await database.drop();
    },
  };
};

export type Orders = Awaited<ReturnType<typeof openOrders>>;

/** A message as it arrives from another service. */
export const messageOf = <C extends Contract>(
  service: ServiceName,
  contract: C,
  data: Input<C>,
  options: Pick<MessageOptions, 'sequence' | 'stepId'> = {},
): Message => {
  const { body } = createMessage(service, contract, data, newContext(), { id: uuid(), ...options });
  return readMessage(shop, new Set<Contract>([contract]), body);
};
