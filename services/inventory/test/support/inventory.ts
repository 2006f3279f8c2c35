import { createMessage, type Message, type MessageOptions, newContext, readMessage } from '@emporium/bus';
import { type Contract, type Input, type Subscription, shop } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { onCommitReservation } from '../../src/handlers/commit-reservation.ts';
import { onReleaseStock } from '../../src/handlers/release-stock.ts';
import { onReserveStock } from '../../src/handlers/reserve-stock.ts';
import { onReturnStock } from '../../src/handlers/return-stock.ts';
import { migrations } from '../../src/migrations/index.ts';
import type { Tables } from '../../src/store/tables.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };

export interface Published {
  readonly type: string;
  readonly stepId?: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly sequence?: number;
}

/** The handlers of the service with their own database and without a broker: published messages stay in the outbox. */
export const openInventory = async (serverUrl: string) => {
  const { url, drop } = await freshDatabase(serverUrl);
  const stores: Store<Tables>[] = [];
  /** Another process of the service on the same database. */
  const instance = () => {
    const store = createStore<Tables>({ service: 'inventory', registry: shop, url, log: silent });
    stores.push(store);
    const { run } = store.runner(subscription, [
      onReserveStock,
      onReleaseStock,
      onCommitReservation,
      onReturnStock,
    ]);
    return { store, handle: (message: Message) => run(message, new AbortController().signal) };
  };
  const { store, handle } = instance();
  await store.migrate(migrations);

  return {
    store,
    handle,
    instance,
    /** Delivers the message twice. */
    handleTwice: async (message: Message) => {
      await handle(message);
      await handle(message);
    },
    /** Adds products with this number of pieces each. */
    stock: async (pieces: Readonly<Record<string, number>>) => {
      for (const [sku, received] of Object.entries(pieces)) {
        await store.db
          .insertInto('product')
          .values({ sku, name: sku, price_amount: 100, price_currency: 'EUR', version: 1 })
          .execute();
        await store.db.insertInto('stock').values({ sku, received }).execute();
      }
    },
    levels: () => store.db.selectFrom('stock').selectAll().orderBy('sku').execute(),
    reservation: (orderId: string) =>
      store.db.selectFrom('reservation').selectAll().where('order_id', '=', orderId).executeTakeFirst(),
    /** The messages published since the last call. */
    published: async (): Promise<Published[]> => {
      const { rows } = await sql<{ id: number; body: Buffer }>`delete from outbox returning id, body`.execute(
        store.db,
      );
      return rows
        .toSorted((one, other) => one.id - other.id)
        .map(({ body }) => {
          const { type, stepid, data, sequence } = JSON.parse(body.toString());
          return { type, stepId: stepid, data, ...(sequence === undefined ? {} : { sequence }) };
        });
    },
    close: async () => {
      await Promise.all(stores.map((each) => each.close()));
      await drop();
    },
  };
};

export type Inventory = Awaited<ReturnType<typeof openInventory>>;

const found = shop.subscriptions.find((each) => each.name === 'inventory.commands');
if (found === undefined) throw new Error('inventory.commands is not registered');
const subscription: Subscription = found;

/** A received command. */
export const command = <C extends Contract>(
  contract: C,
  data: Input<C>,
  options: Pick<MessageOptions, 'expiry' | 'stepId'> = {},
): Message => {
  const { body } = createMessage('order', contract, data, newContext(), options);
  return readMessage(shop, new Set<Contract>([contract]), body);
};
