import { consume, emit, type Log } from '@emporium/bus';
import { createPostgresTransport } from '@emporium/bus-postgres';
import type { Subscription } from '@emporium/contracts';
import { createStore, type Handler } from '../../src/index.ts';
import { count, counted, counting, inOrder, registry } from './counting.ts';
import { type Counters, counterMigrations, handle } from './inventory.ts';

export interface InventoryOptions {
  readonly databaseUrl: string;
  readonly busUrl: string;
  readonly log: Log;
  /** Called with what happens to a message: it is delivered, and its handler runs. */
  readonly onStep?: (step: 'delivered' | 'handled', messageId: string) => void;
}

/** A service as small as can be: counts what it is asked to, says so, and notes in which order it hears its own words. */
export const startInventory = async ({
  databaseUrl,
  busUrl,
  log,
  onStep = () => undefined,
}: InventoryOptions) => {
  const transport = createPostgresTransport({ url: busUrl });
  const store = createStore<Counters>({ service: 'inventory', registry, url: databaseUrl, log });
  await store.migrate(counterMigrations);

  const onCount = handle(count, async ({ id, data }, { tx }) => {
    onStep('handled', id);
    const { value } = await tx
      .insertInto('counter')
      .values({ name: data.counter, value: 1 })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet(({ ref, eb }) => ({ value: eb(ref('counter.value'), '+', 1) })),
      )
      .returning('value')
      .executeTakeFirstOrThrow();
    await tx.insertInto('effect').values({ counter: data.counter, n: data.n }).execute();
    return emit(counted, { counter: data.counter, n: value });
  });

  const onCounted = handle(counted, async ({ data }, { tx }) => {
    await tx.insertInto('heard').values({ counter: data.counter, n: data.n }).execute();
  });

  const listen = (subscription: Subscription, handler: Handler<Counters>) => {
    const { run, handles } = store.runner(subscription, [handler]);
    return consume({
      transport,
      registry,
      subscription,
      handles,
      run: (message, signal) => {
        onStep('delivered', message.id);
        return run(message, signal);
      },
      probe: store.probe,
      limits: { concurrency: 100 },
      log,
    });
  };

  const relay = store.startRelay(transport);
  const consumers = [await listen(counting, onCount), await listen(inOrder, onCounted)];

  return {
    stop: async () => {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await relay.stop();
      await transport.close();
      await store.close();
    },
  };
};
