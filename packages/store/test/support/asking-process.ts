import { perform } from '@emporium/bus';
import { createStore } from '../../src/index.ts';
import { count, counting, registry } from './counting.ts';
import { type Counters, received } from './inventory.ts';
import { createMemoryLog } from './log.ts';

/** A process that dies when the outside has been asked, and nothing is written of its answer. */
const [url = '', id = '', expiry = ''] = process.argv.slice(2);
const store = createStore<Counters>({ service: 'inventory', registry, url, log: createMemoryLog() });
const handler = perform(count, {
  intend: async () => undefined,
  outside: async () => process.kill(process.pid, 'SIGKILL'),
  inside: async () => undefined,
});
const message = received(count, { counter: 'a', n: 1 }, { id, expiry: new Date(expiry) });
await store.runner(counting, [handler]).run(message, new AbortController().signal);
