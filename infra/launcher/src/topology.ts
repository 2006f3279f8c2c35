// npm run topology -- diff | apply | prune: the broker of BUS_URL against the registry of contracts and subscriptions.
import type { TopologyChange } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { createTransport } from '@emporium/service';
import { pino } from 'pino';

const signs = { create: '+', remove: '-', conflict: '!' } as const;

const print = (command: string, changes: readonly TopologyChange[]): void => {
  for (const { action, what, detail } of changes) {
    process.stdout.write(`${signs[action]} ${what}${detail === undefined ? '' : ` (${detail})`}\n`);
  }
  const summary =
    changes.length === 0 ? 'nothing to do: the broker is as the registry says' : `${changes.length} changes`;
  process.stdout.write(`${command}: ${summary}\n`);
};

const refuse = (why: string): never => {
  process.stderr.write(`${why}\n`);
  process.exit(64);
};

const run = async (): Promise<void> => {
  const [command] = process.argv.slice(2);
  const url = process.env['BUS_URL'];
  if (command !== 'diff' && command !== 'apply' && command !== 'prune') {
    return refuse('usage: npm run topology -- diff | apply | prune (with BUS_URL set to the broker)');
  }
  if (url === undefined || !URL.canParse(url)) {
    return refuse('BUS_URL: set it to the URL of the broker, e.g. amqp://guest:guest@127.0.0.1:5672');
  }
  const transport = await createTransport({
    url,
    service: 'topology',
    log: pino({ level: 'warn' }, process.stderr),
  });
  try {
    print(command, await transport.topology(shop)[command]());
  } finally {
    await transport.close();
  }
};

try {
  await run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
