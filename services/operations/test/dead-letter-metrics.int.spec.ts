import { shop } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createLog, startInOrder } from '@emporium/service';
import { createStore } from '@emporium/store';
import { scrape } from '@emporium/telemetry';
import { expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import { queueMetrics } from '../src/queues/metrics.ts';
import type { Tables } from '../src/store/tables.ts';

const postgres = await serverFor('postgres');

test.skipIf(!postgres.available)(
  postgres.title('a scrape shows dead letters while all connections of the service are in use'),
  async () => {
    const { url, drop } = await freshDatabase(postgres.url);
    const log = createLog({ service: 'test', level: 'silent' });
    const store = createStore<Tables>({ service: 'operations', registry: shop, url, log, connections: 1 });
    await store.migrate(migrations);
    const signal = AbortSignal.timeout(10_000);
    const started = await startInOrder([queueMetrics(store, async () => [])], signal);
    const { text } = await store.transaction(() => scrape());
    await started.stop(signal);
    await store.close();
    await drop();
    expect(text).toMatch(/^emporium_dead_letters\{.*emporium_dead_letter_status="open".*\} 0$/m);
  },
);
