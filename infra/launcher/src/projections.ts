// npm run projections -- list | status | rebuild <name> [--from-start]: the read models of the order service, in the database
// of ORDER_DATABASE_URL, or else in the shop that the demo started on DATA_DIR.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { orderDatabase } from './order-database.ts';

const root = resolve(import.meta.dirname, '../../..');

try {
  const needsDatabase = ['status', 'rebuild'].includes(process.argv[2] ?? '');
  process.env['DATABASE_URL'] = needsDatabase
    ? await orderDatabase(process.env, root, 'projections')
    : 'postgres://unused';
  // A program of the service, as the processes that the launcher starts; in containers it runs without this file.
  await import(pathToFileURL(resolve(root, 'services/order/src/projections', 'main.ts')).href);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
