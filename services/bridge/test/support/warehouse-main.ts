// A process that sends confirmed orders to the warehouse and does nothing else of the bridge. Says `ready` to its parent.
import { consume } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { createHealth, createLog, createTransport } from '@emporium/service';
import { createStore } from '@emporium/store';
import { onOrderConfirmed } from '../../src/handlers/order-confirmed.ts';
import { migrations } from '../../src/migrations/index.ts';
import type { Tables } from '../../src/store/tables.ts';
import { openWarehouse } from '../../src/warehouse/warehouse.ts';

const [databaseUrl = '', busUrl = '', amqpUrl = ''] = process.argv.slice(2);
const log = createLog({ service: 'bridge', level: 'silent' });
const subscription = shop.subscription('bridge.warehouse');
if (subscription === undefined) throw new Error('bridge.warehouse is not registered');

const store = createStore<Tables>({ service: 'bridge', registry: shop, url: databaseUrl, log });
await store.migrate(migrations);
const { warehouse, stage } = openWarehouse(amqpUrl, { health: createHealth(), log });
await stage.start(new AbortController().signal);
await consume({
  transport: await createTransport({ url: busUrl, service: 'bridge', log, registry: shop }),
  registry: shop,
  subscription,
  ...store.runner(subscription, [onOrderConfirmed(warehouse)]),
  probe: () => store.probe(),
  limits: { concurrency: 100 },
  log,
});
process.send?.('ready');
process.on('disconnect', () => process.exit());
