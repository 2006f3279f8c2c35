import { createMessage, newContext, type Transport } from '@emporium/bus';
import { createPostgresTransport } from '@emporium/bus-postgres';
import { freshDatabase } from '@emporium/servers';
import { createStore, type Store } from '../../src/index.ts';
import { count, heard, registry } from './counting.ts';
import { type Counters, counterMigrations } from './inventory.ts';
import type { InventoryPlace } from './inventory-child.ts';
import { createMemoryLog } from './log.ts';

interface Heard {
  readonly id: string;
  readonly counter: string;
  readonly n: number;
}

/** Around an inventory: its database and its broker, who sends it commands, and who hears what it says. */
export interface OutsideWorld extends InventoryPlace {
  /** A look into the service's database. */
  readonly store: Store<Counters>;
  readonly transport: Transport;
  /** All that was published, in order, copies included. */
  readonly heard: readonly Heard[];
  /** The same without copies: what an inbox lets through. */
  heardOnce(): Heard[];
  /** Sends one command for each of these counters; returns their ids. */
  ask(counters: readonly string[]): Promise<string[]>;
  close(): Promise<void>;
}

export const openOutsideWorld = async (serverUrl: string): Promise<OutsideWorld> => {
  const [service, bus] = [await freshDatabase(serverUrl), await freshDatabase(serverUrl)];
  const store = createStore<Counters>({
    service: 'inventory',
    registry,
    url: service.url,
    log: createMemoryLog(),
    connections: 2,
  });
  await store.migrate(counterMigrations);
  const transport = createPostgresTransport({ url: bus.url });
  await transport.topology(registry).apply();
  const received: Heard[] = [];
  const consumer = await transport.subscribe(
    heard,
    async (delivery) => {
      const { data } = JSON.parse(Buffer.from(delivery.body).toString());
      received.push({ id: delivery.id, ...data });
      await delivery.ack();
    },
    { concurrency: 100 },
  );
  let asked = 0;

  return {
    databaseUrl: service.url,
    busUrl: bus.url,
    store,
    transport,
    heard: received,
    heardOnce: () => [...new Map(received.toReversed().map((each) => [each.id, each])).values()].toReversed(),
    ask: async (counters) => {
      const messages = counters.map((counter) => {
        asked += 1;
        return createMessage('order', count, { counter, n: asked }, newContext());
      });
      const results = await transport.publish(messages);
      for (const result of results) if (result.status === 'refused') throw result.error;
      return messages.map(({ id }) => id);
    },
    close: async () => {
      await consumer.stop();
      await transport.close();
      await store.close();
      await service.drop();
      await bus.drop();
    },
  };
};
