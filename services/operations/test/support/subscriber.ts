import { consume } from '@emporium/bus';
import { shop, userRegistered } from '@emporium/contracts';
import { createLog, createTransport } from '@emporium/service';
import { createStore, handlersFor, statements } from '@emporium/store';

interface SubscriberTables {
  handled: { message_id: string };
}

/** A service that listens to `email.welcome`, with an inbox, as all have. */
export interface Subscriber {
  /** How often each message was delivered, by its id; the inbox drops the second. */
  readonly delivered: ReadonlyMap<string, number>;
  /** How often each message was handled, by its id. */
  handled(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

export const startSubscriber = async (databaseUrl: string, busUrl: string): Promise<Subscriber> => {
  const log = createLog({ service: 'test', level: 'silent' });
  const store = createStore<SubscriberTables>({ service: 'email', registry: shop, url: databaseUrl, log });
  await store.migrate({ '001-handled': statements('create table handled (message_id text not null)') });
  const transport = await createTransport({ url: busUrl, service: 'email', log, registry: shop });
  await transport.topology(shop).apply();
  const subscription = shop.subscription('email.welcome');
  if (subscription === undefined) throw new Error('no subscription');
  const { handle } = handlersFor<SubscriberTables>();
  const { run, handles } = store.runner(subscription, [
    handle(userRegistered, async ({ id }, { tx }) => {
      await tx.insertInto('handled').values({ message_id: id }).execute();
    }),
  ]);
  const delivered = new Map<string, number>();
  const consumer = await consume({
    ...{ transport, registry: shop, subscription, handles, log },
    run: (message, signal) => {
      delivered.set(message.id, (delivered.get(message.id) ?? 0) + 1);
      return run(message, signal);
    },
    probe: () => store.probe(),
    limits: { concurrency: 100 },
  });
  return {
    delivered,
    handled: async () => {
      const rows = await store.db
        .selectFrom('handled')
        .select(({ fn }) => ['message_id', fn.countAll<number>().as('times')])
        .groupBy('message_id')
        .execute();
      return new Map(rows.map(({ message_id, times }) => [message_id, times]));
    },
    stop: async () => {
      await consumer.stop();
      await transport.close();
      await store.close();
    },
  };
};
