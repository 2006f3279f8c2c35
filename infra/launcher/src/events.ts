// npm run events -- order <id> [--at <time> | --version <n>]: an order after each of its events, from the database of
// ORDER_DATABASE_URL, or else from the shop that the demo started on DATA_DIR.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { orderDatabase } from './order-database.ts';

const root = resolve(import.meta.dirname, '../../..');

try {
  process.env['DATABASE_URL'] = await orderDatabase(process.env, root, 'events');
  // A program of the service, as the processes that the launcher starts; in containers it runs without this file.
  await import(pathToFileURL(resolve(root, 'services/order/src/events', 'main.ts')).href);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
