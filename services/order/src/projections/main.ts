// The program behind `npm run projections`, with DATABASE_URL set to the database of this service.
import { shop } from '@emporium/contracts';
import { runProjectionsCommand } from '@emporium/event-store';
import { ConfigError } from '@emporium/service';
import { createStore } from '@emporium/store';
import { databaseUrl } from '../config.ts';
import type { OrderTables } from '../store/tables.ts';
import { projections } from '../views/index.ts';

// Nobody reads the output any more, as after `| head`.
process.stdout.on('error', () => process.exit(0));

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const run = async (): Promise<number> => {
  const options = { service: 'order', registry: shop, url: databaseUrl(), log, connections: 3 } as const;
  const store = createStore<OrderTables>(options);
  try {
    return await runProjectionsCommand({
      args: process.argv.slice(2),
      projections,
      store,
      print: (line) => void process.stdout.write(`${line}\n`),
      printError: (line) => void process.stderr.write(`${line}\n`),
    });
  } finally {
    await store.close();
  }
};

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 78;
}
