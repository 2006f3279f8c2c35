import { type Consumer, consume, type Log, type Transport } from '@emporium/bus';
import { type Contract, createRegistry, type Registry, type Subscription, shop } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createStore, handlersFor, type Store, statements } from '@emporium/store';

interface Tables {
  seen: { subscription: string; type: string; data: unknown };
}

/** The shop's registry with subscriptions that only a test has; `without` are contracts that this release does not know. */
export const registryWith = (
  subscriptions: readonly Subscription[],
  without: readonly Contract[] = [],
): Registry =>
  createRegistry({
    contracts: shop.contracts.filter((contract) => !without.includes(contract)),
    subscriptions: [
      ...shop.subscriptions.map((each) => ({
        ...each,
        to: each.to.filter((contract) => !without.includes(contract)),
      })),
      ...subscriptions,
    ],
  });

export interface Subscriber {
  readonly transport: Transport;
  readonly registry: Registry;
  readonly subscription: Subscription;
  /** The version that its handler takes. */
  readonly handles: Contract;
  /** Makes its handler throw. */
  readonly failure?: () => Error;
}

const log: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** Another service: it keeps what its handlers got, in a database with an inbox. */
export const openSubscribers = async (serverUrl: string) => {
  const database = await freshDatabase(serverUrl);
  const consumers: Consumer[] = [];
  const stores: Store<Tables>[] = [];
  const { handle } = handlersFor<Tables>();
  const open = (registry: Registry): Store<Tables> => {
    const store = createStore<Tables>({ service: 'email', registry, url: database.url, log });
    stores.push(store);
    return store;
  };
  const store = open(shop);
  await store.migrate({
    '001-seen': statements(
      'create table seen (subscription text not null, type text not null, data jsonb not null)',
    ),
  });

  return {
    start: async ({ transport, registry, subscription, handles, failure }: Subscriber) => {
      const own = open(registry);
      let deliveries = 0;
      const handler = handle(handles, async ({ data }, { tx }) => {
        if (failure !== undefined) throw failure();
        const row = { subscription: subscription.name, type: handles.type, data: JSON.stringify(data) };
        await tx.insertInto('seen').values(row).execute();
        return [];
      });
      const { run, handles: taken } = own.runner(subscription, [handler]);
      const consumer = await consume({
        transport,
        registry,
        subscription,
        handles: taken,
        run: (message, signal) => run(message, signal).finally(() => (deliveries += 1)),
        probe: own.probe,
        limits: { concurrency: 10 },
        log,
      });
      consumers.push(consumer);
      return { deliveries: () => deliveries, stop: () => consumer.stop() };
    },
    /** What the handlers of a subscription got. */
    seen: async ({ name }: Subscription): Promise<{ type: string; data: unknown }[]> =>
      store.db.selectFrom('seen').select(['type', 'data']).where('subscription', '=', name).execute(),
    close: async () => {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.all(stores.map((each) => each.close()));
      await database.drop();
    },
  };
};
