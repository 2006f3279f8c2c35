// A process that writes the readings of MQTT into the stream and does nothing else of the bridge. Says `ready` to its parent when it is
// connected.
import { setTimeout as sleep } from 'node:timers/promises';
import { shop } from '@emporium/contracts';
import { createHealth, createLog, createTransport } from '@emporium/service';
import { createStore } from '@emporium/store';
import { migrations } from '../../src/migrations/index.ts';
import { handleReadings } from '../../src/mqtt/readings.ts';
import { createRetainedMessages } from '../../src/mqtt/retained.ts';
import { mqttStage } from '../../src/mqtt/stage.ts';
import type { Tables } from '../../src/store/tables.ts';

const [databaseUrl = '', streamUrl = '', url = ''] = process.argv.slice(2);
const log = createLog({ service: 'bridge', level: 'silent' });
const health = createHealth();
const store = createStore<Tables>({ service: 'bridge', registry: shop, url: databaseUrl, log });
await store.migrate(migrations);
const stream = await createTransport({ url: streamUrl, service: 'bridge', log, registry: shop.on('stream') });
const stage = mqttStage({
  url,
  topic: 'sensor_data/#',
  clientId: 'bridge-under-test',
  handle: handleReadings(stream, createRetainedMessages(store)),
  databaseUrl,
  health,
  log,
});
await stage.start(new AbortController().signal);
await sleep(200);
while ((await health.readiness()).status !== 'ready') await sleep(50);
process.send?.('ready');
process.on('disconnect', () => process.exit());
process.on('message', (question) => {
  if (question === 'memory') process.send?.({ rss: process.memoryUsage().rss });
});
