import { createMessage, type Message, newContext, readMessage } from '@emporium/bus';
import {
  type Contract,
  type Input,
  type Money,
  orderCompleted,
  orderRefunded,
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
} from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import type { KyselyPlugin } from 'kysely';
import { v7 as uuid } from 'uuid';
import { adminRoutes } from '../../src/admin-routes.ts';
import { onOrderCompleted } from '../../src/handlers/order-completed.ts';
import { onOrderRefunded } from '../../src/handlers/order-refunded.ts';
import { migrations } from '../../src/migrations/index.ts';
import { loyaltyRoutes } from '../../src/routes.ts';
import type { Tables } from '../../src/store/tables.ts';

const pair = generateKeyPair();
const [publicKey, privateKey] = [publicKeyFromText(pair.publicKey), privateKeyFromText(pair.privateKey)];
if (publicKey === undefined || privateKey === undefined) throw new Error('no keys');
const issuer = createTokenIssuer(privateKey);
const verifier = createTokenVerifier(publicKey);

/** The service on its own database, without a broker. */
export const openLoyalty = async (adminUrl: string) => {
  const database = await freshDatabase(adminUrl);
  const log = createLog({ service: 'loyalty', level: 'silent' });
  const subscription = shop.subscription('loyalty.orders');
  if (subscription === undefined) throw new Error('loyalty.orders is not registered');
  const stores: Store<Tables>[] = [];
  /** Another process of the service on the same database. */
  const instance = () => {
    const store = createStore<Tables>({ service: 'loyalty', registry: shop, url: database.url, log });
    stores.push(store);
    const { run } = store.runner(subscription, [onOrderCompleted, onOrderRefunded]);
    return { store, handle: (message: Message) => run(message, new AbortController().signal) };
  };
  const { store, handle } = instance();
  await store.migrate(migrations);
  let afterRead = async () => {};
  const served = { ...store, db: store.db.withPlugin(afterEachRead(() => afterRead())) };
  const server = await createHttpServer({
    log,
    api: { title: 'loyalty', description: 'under test' },
    health: createHealth(),
    tokens: verifier,
    routes: [loyaltyRoutes(served), adminRoutes(served)],
  });

  const get = async (url: string, as: { userId: string; role?: Role } | undefined) => {
    const token = as === undefined ? undefined : await issuer.issue({ role: 'customer', ...as });
    const headers = token === undefined ? {} : { authorization: `Bearer ${token.token}` };
    const answer = await server.inject({ method: 'GET', url, headers });
    return { status: answer.statusCode, body: answer.json() };
  };

  return {
    store,
    /** Runs the work once, right after the next statement of a request. */
    afterNextRead: (work: () => Promise<void>) => {
      afterRead = () => {
        afterRead = async () => {};
        return work();
      };
    },
    handle,
    instance,
    get,
    ledger: async (customerId: string, query = '') =>
      (await get(`/api/loyalty/me${query}`, { userId: customerId })).body,
    close: async () => {
      await server.close();
      await Promise.all(stores.map((each) => each.close()));
      await database.drop();
    },
  };
};

const afterEachRead = (work: () => Promise<void>): KyselyPlugin => ({
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => {
    await work();
    return result;
  },
});

export type Loyalty = Awaited<ReturnType<typeof openLoyalty>>;

interface Order {
  readonly orderId: string;
  readonly customerId: string;
  readonly total: Money;
}

export const anOrder = (customerId: string, amount: number, currency = 'EUR'): Order => ({
  ...{ orderId: uuid(), customerId },
  total: { amount, currency },
});

export const completed = (order: Order): Message => messageOf(orderCompleted, order, 8);

/** `refunded` is the sum of all refunds so far. */
export const refunded = (order: Order, sequence: number, sum: number): Message => {
  const amount = { amount: sum, currency: order.total.currency };
  const refund = {
    refundId: uuid(),
    amount,
    refunded: amount,
    lines: [],
    restocked: false,
    reason: 'broken',
  };
  return messageOf(orderRefunded, { ...order, ...refund }, sequence);
};

export const messageOf = <C extends Contract>(contract: C, data: Input<C>, sequence?: number): Message => {
  const options = sequence === undefined ? {} : { sequence };
  const { body } = createMessage('order', contract, data, newContext(), { id: uuid(), ...options });
  return readMessage(shop, new Set<Contract>([contract]), body);
};
