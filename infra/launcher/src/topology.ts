// npm run topology -- diff | apply | prune: compares the brokers of BUS_URL and STREAM_URL with the registry of contracts and
// subscriptions. Without STREAM_URL one broker carries both.
// npm run topology -- backfill <subscription>: the owners of its events publish their history to it, in the shop of SHOP_URL.
import { resolve } from 'node:path';
import { readShopAccess, signIn } from '@emporium/admin-cli';
import type { TopologyChange } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { createTransport } from '@emporium/service';
import { pino } from 'pino';
import { backfill, ownersOf } from './backfill/backfill.ts';
import { registriesOf } from './brokers.ts';

// Nobody reads the output any more, as after `| head`.
process.stdout.on('error', () => process.exit(0));

const signs = { create: '+', remove: '-', conflict: '!' } as const;

const print = (command: string, changes: readonly TopologyChange[]): void => {
  for (const { action, what, detail } of changes) {
    process.stdout.write(`${signs[action]} ${what}${detail === undefined ? '' : ` (${detail})`}\n`);
  }
  const summary =
    changes.length === 0
      ? 'no changes: the broker matches the registry'
      : `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`;
  process.stdout.write(`${command}: ${summary}\n`);
};

const failUsage = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(64);
};

const log = (line: string): void => void process.stdout.write(`${line}\n`);

/** Its requests may be repeated. */
const patienceMs = 60_000;

const runBackfill = async (subscription: string | undefined, others: readonly string[]): Promise<void> => {
  if (subscription === undefined || others.length > 0)
    return failUsage('usage: npm run topology -- backfill <subscription>, such as loyalty.orders');
  const owners = ownersOf(shop, subscription);
  const access = readShopAccess(process.env, resolve(import.meta.dirname, '../../..'));
  const client = await signIn(access, { log, patienceMs });
  for (const owner of owners) await backfill(client, owner, subscription, log);
};

const run = async (): Promise<void> => {
  const [command, ...rest] = process.argv.slice(2);
  if (command === 'backfill') return runBackfill(rest[0], rest.slice(1));
  const { BUS_URL: busUrl, STREAM_URL: streamUrl = busUrl } = process.env;
  if (command !== 'diff' && command !== 'apply' && command !== 'prune') {
    return failUsage(
      'usage: npm run topology -- diff | apply | prune (with BUS_URL set to the broker), or backfill <subscription>',
    );
  }
  if (busUrl === undefined || !URL.canParse(busUrl)) {
    return failUsage('BUS_URL must be the URL of the broker, for example amqp://guest:guest@127.0.0.1:5672');
  }
  if (streamUrl === undefined || !URL.canParse(streamUrl)) {
    return failUsage(
      'STREAM_URL must be the URL of the broker of the open streams, for example kafka://127.0.0.1:9092',
    );
  }
  for (const { url, registry } of registriesOf({ busUrl, streamUrl }, shop)) {
    const transport = await createTransport({
      url,
      service: 'topology',
      log: pino({ level: 'warn' }, process.stderr),
    });
    try {
      print(`${command} (${transport.name})`, await transport.topology(registry)[command]());
    } finally {
      await transport.close();
    }
  }
};

try {
  await run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
