/** The sources of a new service, by path: it counts the orders that each customer has completed. */
export const serviceFiles = (name: string): Readonly<Record<string, string>> => {
  const routes = `${name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Routes`;
  const files: Readonly<Record<string, string>> = {
    'package.json': `{
  "name": "@emporium/${name}",
  "version": "0.1.0",
  "private": true,
  "license": "MIT",
  "description": "Counts completed orders",
  "type": "module",
  "dependencies": {
    "@emporium/contracts": "workspace:*",
    "@emporium/service": "workspace:*",
    "@emporium/store": "workspace:*",
    "zod": "catalog:"
  },
  "devDependencies": {
    "@emporium/bus": "workspace:*",
    "@emporium/servers": "workspace:*",
    "uuid": "catalog:"
  }
}`,
    'turbo.json': '{ "extends": ["//"], "tags": ["service"] }',
    'README.md': `# ${name}

Counts the orders that each customer has completed.

| | |
| --- | --- |
| owns | \`completed_order\` |
| consumes | \`order.completed\` (\`${name}.orders\`) |
| emits | nothing |
| HTTP | \`GET /api/${name}\`: the caller's count |

| to see | read |
| --- | --- |
| what becomes of a message | \`src/handlers/order-completed.ts\` |
| which message goes to which handler | \`src/app.ts\` |

A message that comes twice is counted once: the inbox drops it, and the order is the key of the table.`,
    'src/main.ts': `import { main } from '@emporium/service';
import { createApp } from './app.ts';
import { config } from './config.ts';

if (import.meta.main) await main('${name}', config, createApp);`,
    'src/config.ts': `import { serviceConfig } from '@emporium/service';
import type { z } from 'zod';

export const config = serviceConfig;
export type Config = z.output<typeof config>;`,
    'src/app.ts': `import { createService, type LifecycleStage, type Log } from '@emporium/service';
import type { Config } from './config.ts';
import { onOrderCompleted } from './handlers/order-completed.ts';
import { migrations } from './migrations/index.ts';
import { ${routes} } from './routes.ts';
import type { Tables } from './store/tables.ts';

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('${name}', config, log, ({ store }) => ({
    description: 'Counts completed orders.',
    migrations,
    routes: [${routes}(store)],
    subscriptions: { '${name}.orders': [onOrderCompleted] },
  }));`,
    'src/handlers/order-completed.ts': `import { orderCompleted } from '@emporium/contracts';
import { handle } from '../store/handlers.ts';

/** A handler returns what should follow, such as \`[emit(…)]\`: here nothing does. */
export const onOrderCompleted = handle(orderCompleted, async ({ data }, { tx }) => {
  await tx
    .insertInto('completed_order')
    .values({ order_id: data.orderId, customer_id: data.customerId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return [];
});`,
    'src/migrations/index.ts': `import { type Migrations, statements } from '@emporium/store';

/** A migration that ran is never changed: add the next one. */
export const migrations: Migrations = {
  '001-completed-order': statements(
    'create table completed_order (order_id text primary key, customer_id text not null)',
    'create index completed_order_customer on completed_order (customer_id)',
  ),
};`,
    'src/routes.ts': `import { currentUser, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { countOrders } from './store/completed-orders.ts';
import type { Tables } from './store/tables.ts';

export const ${routes} =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/${name}',
      {
        config: { access: 'user' },
        schema: {
          summary: 'How many orders the caller has completed',
          response: { 200: z.object({ orders: z.int() }) },
        },
      },
      async (request) => ({ orders: await countOrders(store.db, currentUser(request).userId) }),
    );
  };`,
    'src/store/handlers.ts': `import { handlersFor } from '@emporium/store';
import type { Tables } from './tables.ts';

export const { handle } = handlersFor<Tables>();`,
    'src/store/tables.ts': `export interface Tables {
  completed_order: { order_id: string; customer_id: string };
}`,
    'src/store/completed-orders.ts': `import type { Store } from '@emporium/store';
import type { Tables } from './tables.ts';

export const countOrders = async (db: Store<Tables>['db'], customerId: string): Promise<number> => {
  const query = db.selectFrom('completed_order').select(({ fn }) => fn.countAll<number>().as('orders'));
  const { orders } = await query.where('customer_id', '=', customerId).executeTakeFirstOrThrow();
  return orders;
};`,
    'test/order-completed.int.spec.ts': `import { createMessage, newContext, readMessage } from '@emporium/bus';
import { orderCompleted, shop } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore, type Store } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onOrderCompleted } from '../src/handlers/order-completed.ts';
import { migrations } from '../src/migrations/index.ts';
import { countOrders } from '../src/store/completed-orders.ts';
import type { Tables } from '../src/store/tables.ts';

const postgres = await serverFor('postgres');
const log = { info: () => {}, warn: () => {}, error: () => {} };

const aMessage = (customerId: string) => {
  const data = { orderId: uuid(), customerId, total: { amount: 1_250, currency: 'EUR' } };
  const { body } = createMessage('order', orderCompleted, data, newContext());
  return readMessage(shop, new Set([orderCompleted]), body);
};

describe.skipIf(!postgres.available)(postgres.title('completed orders'), () => {
  let store: Store<Tables>;
  let database: Awaited<ReturnType<typeof freshDatabase>>;

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
    store = createStore<Tables>({ service: '${name}', registry: shop, url: database.url, log });
    await store.migrate(migrations);
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  test('counts each completed order once, although its message comes twice', async () => {
    const subscription = shop.subscription('${name}.orders');
    if (subscription === undefined) throw new Error('${name}.orders is not registered');
    const { run } = store.runner(subscription, [onOrderCompleted]);
    const customerId = uuid();
    for (const message of [aMessage(customerId), aMessage(customerId)]) {
      await run(message, new AbortController().signal);
      await run(message, new AbortController().signal);
    }
    expect(await countOrders(store.db, customerId)).toBe(2);
  });
});`,
  };
  return Object.fromEntries(
    Object.entries(files).map(([path, source]) => [`services/${name}/${path}`, source]),
  );
};
