// npm run demo: starts the shop, runs a demonstration, and keeps running until Ctrl-C. --exit: exits after it. --no-restart: does
// not restart crashed processes. --url: runs it against a shop that is already running.
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { createShopClient, type DemoReporter, runDemo } from '@emporium/e2e';
import { type Shop, startShop } from '@emporium/launcher';
import { printIncident } from './incidents.ts';
import { readOptions } from './options.ts';
import { demoRunningShop } from './running-shop.ts';
import { sendToQueue } from './send-registration.ts';
import { telemetryVariables } from './telemetry-variables.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { type Place, placesOf, printPlaces } from './where-to-look.ts';

const root = resolve(import.meta.dirname, '../../..');

const run = async (terminal: Terminal, interrupted: AbortSignal): Promise<void> => {
  const { line, bold, dim } = terminal;
  const options = readOptions(process.argv.slice(2), { env: process.env, dotEnv: readDotEnv(), root });
  if (options.url !== undefined) {
    const passed = await Promise.race([demoRunningShop(options, terminal), aborted(interrupted)]);
    if (passed === false) process.exitCode = 1;
    return;
  }
  const shopBroker = options.busUrl?.startsWith('amqp') ? options.busUrl : undefined;
  const thirdParties = options.bridge['BRIDGE_AMQP_URL'] ?? shopBroker;
  const broker = options.busUrl === undefined ? 'the embedded broker (PostgreSQL)' : 'the broker of BUS_URL';
  line(bold('Emporium'));
  line(dim(`Starting with ${broker}. Data and logs: ${options.dataDir}`));

  const shop = await startShop({
    dataDir: options.dataDir,
    port: options.port,
    ...(options.busUrl === undefined ? {} : { busUrl: options.busUrl }),
    ...(options.tasksUrl === undefined ? {} : { tasksUrl: options.tasksUrl }),
    ...(options.streamUrl === undefined ? {} : { streamUrl: options.streamUrl }),
    restart: options.restart,
    // Each request, message and task is a line: `npm run logs` shows the way of an order.
    env: {
      '*': { LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'debug', ...telemetryVariables(process.env) },
      bridge: options.bridge,
    },
    onIncident: (incident) => printIncident(incident, terminal),
    progress: (what, ms) => line(`  ${dim(`${(ms / 1_000).toFixed(1).padStart(5)} s`)}  ${what}`),
    signal: interrupted,
  });
  try {
    const passed = await Promise.race([
      showDemo(shop, terminal, { interrupted, thirdParties }),
      aborted(interrupted),
    ]);
    if (passed === false) process.exitCode = 1;
    if (options.exit || passed === undefined) return;
    printAddresses(shop, terminal, {
      dataDir: options.dataDir,
      order: await correlationIdOfAnOrder(shop),
    });
    await aborted(interrupted);
  } finally {
    line(dim('\nStopping: every process finishes its work in progress.'));
    await shop.stop();
    line(dim('Stopped.'));
  }
};

const readDotEnv = (): NodeJS.ProcessEnv => {
  const file = resolve(root, '.env');
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
};

const showDemo = async (
  shop: Shop,
  { reporter, verdict }: Terminal,
  { interrupted, thirdParties }: { interrupted: AbortSignal; thirdParties: string | undefined },
): Promise<boolean> => {
  const client = createShopClient(shop.url, shop.admin);
  const ways = thirdParties === undefined ? [] : [sendToQueue(thirdParties)];
  const passed = await runDemo(client, untilAborted(reporter, interrupted), ...ways);
  verdict(passed, `The whole shop uses ${Math.round(shop.memory() / 1_000_000)} MB of memory.`);
  return passed;
};

/** Hides the rest of the demonstration while the shop is stopping, because its requests then fail. */
const untilAborted = (reporter: DemoReporter, signal: AbortSignal): DemoReporter => {
  const unlessAborted =
    <Args extends unknown[]>(print: (...args: Args) => void) =>
    (...args: Args): void => {
      if (!signal.aborted) print(...args);
    };
  return {
    section: unlessAborted(reporter.section),
    info: unlessAborted(reporter.info),
    timeline: unlessAborted(reporter.timeline),
    check: unlessAborted(reporter.check),
  };
};

/** Of the last order that was completed. */
const correlationIdOfAnOrder = async ({ url, admin }: Shop): Promise<string> => {
  const client = createShopClient(url, admin);
  const order = await client.lastCompletedOrder();
  if (order === undefined) return '<correlation id>';
  return (await client.adminOrder(order.orderId)).correlationId ?? '<correlation id>';
};

const printAddresses = (
  { url, admin, logDir }: Shop,
  terminal: Terminal,
  { dataDir, order }: { readonly dataDir: string; readonly order: string },
): void => {
  const { line, bold, dim } = terminal;
  const lines = `npm run logs -- --correlation ${order}; also --level warn, --follow; files in ${logDir}`;
  const targets = join(dataDir, 'prometheus-targets.json');
  const places: readonly Place[] = [
    ...placesOf(url, `${admin.email} / ${admin.password}`),
    ['the last order', `npm run trace -- ${order}; or the newest: --last`],
    ['its log lines', lines],
    ['metrics', `/metrics of every process, for Prometheus: ${targets}`],
  ];
  printPlaces(places, terminal);
  line(`\n${bold('Try it')}`);
  line(dim('  # register, log in, see the products, place an order, see your orders'));
  line(
    `  curl -s ${url}/api/users -H 'content-type: application/json' -d '{"email":"you@example.com","name":"You","password":"correct horse battery"}'`,
  );
  line(
    `  TOKEN=$(curl -s ${url}/api/sessions -H 'content-type: application/json' -d '{"email":"you@example.com","password":"correct horse battery"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
  );
  line(`  curl -s ${url}/api/products`);
  line(
    `  curl -si ${url}/api/orders -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"lines":[{"sku":"MUG-1","quantity":1}],"paymentToken":"tok_ok"}'`,
  );
  line(`  curl -s ${url}/api/orders -H "authorization: Bearer $TOKEN"`);
  line(dim('\n  # watch the sensors of the warehouses; in another terminal, make the cooling of one fail'));
  line(`  curl -N ${url}/api/sensors/stream`);
  line(
    `  curl -s ${url}/sensor-simulator/anomalies -H 'content-type: application/json' -d '{"location":"Dubai"}'`,
  );
  line(dim('\n  Ctrl-C stops everything.'));
};

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((done) => {
    if (signal.aborted) done(undefined);
    else signal.addEventListener('abort', () => done(undefined), { once: true });
  });

const terminal = createTerminal();
const interrupted = new AbortController();
/** Sets the exit code that a shell expects for a signal, unless a check has already failed. */
const interrupt = (signal: NodeJS.Signals): void => {
  process.exitCode ??= 128 + constants.signals[signal];
  interrupted.abort();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
// When nobody reads the output any more, exit like a program in a pipeline, but stop the shop first.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt('SIGPIPE'));
try {
  await run(terminal, interrupted.signal);
} catch (error) {
  if (interrupted.signal.aborted) {
    terminal.line(terminal.dim('Stopped before the shop was ready.'));
  } else {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${terminal.red('The demo failed:')} ${message}\n`);
    process.exitCode = 1;
  }
}
process.exit();
