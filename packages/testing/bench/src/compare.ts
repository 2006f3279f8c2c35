// npm run bench:brokers [-- --broker rabbitmq|postgres|kafka|redis]: the same loads over every available broker, in one table.
import { join, relative, resolve } from 'node:path';
import { brokerKinds, missingServers, onBroker, type RunningBroker } from './brokers.ts';
import { type Broker, readOptions } from './options.ts';
import { describeMachine, write } from './report/report.ts';
import { median, percentile, round } from './report/statistics.ts';
import { measureShop } from './shop/shop-load.ts';
import { createBusContender } from './transport/bus-contender.ts';
import { inFlight } from './transport/contender.ts';
import { measureOne } from './transport/transport-load.ts';
import { openTransport } from './transport/transports.ts';

const root = resolve(import.meta.dirname, '../../../..');

interface Row {
  readonly broker: string;
  readonly 'an accepted message is': string;
  readonly 'publish /s': number;
  readonly 'consume /s': number;
  readonly 'one message ms': number;
  readonly 'orders /s': number;
  readonly 'order p50 ms': number;
  readonly 'order p99 ms': number;
  readonly 'broker MB': number;
}

/** All on one server, so that its memory includes all loads. */
const measure = (broker: Broker): Promise<Row> =>
  onBroker(broker, async (running) => {
    const { publish, consume, latency } = await measureTransport(running);
    const { calm, full } = await measureShop(running.url);
    return {
      broker: brokerKinds[broker].title,
      'an accepted message is': brokerKinds[broker].durability,
      'publish /s': round(publish),
      'consume /s': round(consume),
      'one message ms': round(latency),
      'orders /s': round(full.rate),
      'order p50 ms': round(percentile(calm.completed, 0.5)),
      'order p99 ms': round(percentile(calm.completed, 0.99)),
      'broker MB': Math.round(running.memory() / 1e6),
    };
  });

const measureTransport = async ({ url }: RunningBroker) => {
  const contender = await createBusContender(await openTransport(url), { perCall: inFlight });
  try {
    const { publish, consume, latencies } = await measureOne(contender);
    return { publish: median(publish), consume: median(consume), latency: median(latencies) };
  } finally {
    await contender.close();
  }
};

const tableOf = (rows: readonly Row[]): string => {
  const [first] = rows;
  const columns = Object.keys(first ?? {}) as (keyof Row)[];
  const cells = [
    columns.map(String),
    columns.map(() => '---'),
    ...rows.map((row) => columns.map((name) => String(row[name]))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    .join('\n');
};

try {
  const { brokers } = readOptions(process.argv.slice(2));
  const startedAt = new Date();
  const machine = describeMachine();
  process.stdout.write(`Node ${machine.node}, ${machine.cpus} x ${machine.model}, load ${machine.load}\n`);
  const rows: Row[] = [];
  for (const broker of brokers) {
    const reason = await missingServers([broker, 'postgres']);
    process.stdout.write(`${brokerKinds[broker].title}${reason === undefined ? '' : `: ${reason}`} …\n`);
    if (reason === undefined) rows.push(await measure(broker));
  }
  process.stdout.write(`\n${tableOf(rows)}\n`);
  const results = { startedAt, machine, brokers: rows };
  const file = await write(join(root, 'bench-results'), results);
  process.stdout.write(`\n${relative(process.cwd(), file)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Also ends what a failed load left running.
process.exit();
