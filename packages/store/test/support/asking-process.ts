import { createStore } from '../../src/index.ts';
import { count, counting, registry } from './counting.ts';
import { type Counters, callOutside, received, tallies } from './inventory.ts';
import { createMemoryLog } from './log.ts';

/** A process that dies when the outside has been asked, and nothing is written of its answer. Tells when the command expires. */
const [url = '', id = ''] = process.argv.slice(2);
const store = createStore<Counters>({ service: 'inventory', registry, url, log: createMemoryLog() });
await store.probe();
const expiry = new Date(Date.now() + 4_000);
const handler = callOutside(count, tallies, {
  before: () => ({ request: undefined }),
  call: async () => {
    await new Promise((resolve) => process.send?.(expiry.getTime(), resolve));
    process.kill(process.pid, 'SIGKILL');
  },
  after: () => ({}),
});
const message = received(count, { counter: 'a', n: 1 }, { id, expiry });
await store.runner(counting, [handler]).run(message, new AbortController().signal);
