// Runs `projections …` on the test's projection, as a process that can be killed.
import { createRegistry } from '@emporium/contracts';
import { createStore } from '@emporium/store';
import { runProjectionsCommand } from '../src/index.ts';
import { silent } from './support.ts';
import { type Tables, totals } from './totals.ts';

const [url = '', ...args] = process.argv.slice(2);
const registry = createRegistry({ contracts: [], subscriptions: [] });
const store = createStore<Tables>({ service: 'order', registry, url, log: silent });
process.exitCode = await runProjectionsCommand({
  args,
  projections: [totals(1)],
  store,
  print: (line) => void process.stdout.write(`${line}\n`),
  printError: (line) => void process.stderr.write(`${line}\n`),
});
await store.close();
