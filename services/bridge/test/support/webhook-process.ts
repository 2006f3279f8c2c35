import { shop } from '@emporium/contracts';
import { createLog, startInOrder } from '@emporium/service';
import { createStore } from '@emporium/store';
import type { Tables } from '../../src/store/tables.ts';
import { createWebhooks } from '../../src/webhooks/webhooks.ts';

/** Sends the deliveries of a database, as a process of its own, for tests that kill it. */
const log = createLog({ service: 'bridge', level: 'silent' });
const url = process.env['DATABASE_URL'] ?? '';
const store = createStore<Tables>({ service: 'bridge', registry: shop, url, log });
const timeoutMs = Number(process.env['TIMEOUT_MS']);
const webhooks = createWebhooks({
  store,
  log,
  allowPrivate: true,
  disableAfterDays: 5,
  timeoutMs,
  recordMs: 500,
});
await startInOrder(webhooks.background, new AbortController().signal);
process.once('disconnect', () => process.exit(1));
process.send?.('ready');
