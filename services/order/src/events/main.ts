// The program behind `npm run events`, with DATABASE_URL set to the database of this service.
import { styleText } from 'node:util';
import { shop } from '@emporium/contracts';
import { ConfigError, reasonOf } from '@emporium/service';
import { createStore } from '@emporium/store';
import { databaseUrl } from '../config.ts';
import { eventsUntil } from '../point-in-time.ts';
import { type OrderStream, readOrder } from '../store/orders.ts';
import type { OrderTables } from '../store/tables.ts';
import { type Arguments, readArguments, usage } from './arguments.ts';
import { type Paint, reportOf } from './report.ts';

// Nobody reads the output any more, as after `| head`.
process.stdout.on('error', () => process.exit(0));

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const formats = {
  event: 'bold',
  detail: 'dim',
  same: 'dim',
  added: 'green',
  changed: 'yellow',
  removed: 'red',
} as const;

/** In colour on a terminal, unless NO_COLOR is set. */
const paint: Paint = (kind, text) => styleText(formats[kind], text, { stream: process.stdout });

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const fail = (exitCode: number, ...lines: readonly string[]): void => {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = exitCode;
};

const read = async (orderId: string): Promise<OrderStream> => {
  const store = createStore<OrderTables>({
    ...{ service: 'order', registry: shop, url: databaseUrl(), log, connections: 1 },
  });
  try {
    await store.probe();
    return (await readOrder(store.db, orderId)).stream;
  } finally {
    await store.close();
  }
};

const report = (all: OrderStream, { at, version }: Omit<Arguments, 'orderId'>): void => {
  const moment = { ...(at === undefined ? {} : { at }), ...(version === undefined ? {} : { version }) };
  if (all.version === 0) return fail(1, `there is no order ${all.id}`);
  const then = eventsUntil(all, moment, new Date());
  if ('refused' in then) return fail(1, `--${then.field} ${then.message}`);
  const later = all.version - then.version;
  print(`order ${all.id}: ${then.version} of ${all.version} events`);
  for (const line of reportOf(then, paint)) print(line);
  if (later > 0)
    print(paint('detail', `\n${later} later ${later === 1 ? 'event is' : 'events are'} not shown`));
};

const parse = (): Arguments | undefined => {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    fail(64, reasonOf(error), usage);
    return undefined;
  }
};

const args = parse();
if (args !== undefined) {
  try {
    report(await read(args.orderId), args);
  } catch (error) {
    if (error instanceof ConfigError) fail(78, error.message);
    else fail(1, `the events cannot be read from ORDER_DATABASE_URL: ${reasonOf(error)}`);
  }
}
