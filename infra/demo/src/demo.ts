// npm run demo: starts the shop, tells its story, and stays up until Ctrl-C; with --exit it ends after the story, with
// --no-restart what ends by itself stays dead, and with --url it tells the story of a shop that runs elsewhere.
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { createShopClient, type DemoReporter, runDemo } from '@emporium/e2e';
import { type Shop, startShop } from '@emporium/launcher';
import { tellIncident } from './incidents.ts';
import { readOptions } from './options.ts';
import { tellOfRunning } from './running-shop.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const root = resolve(import.meta.dirname, '../../..');

const run = async (terminal: Terminal, interrupted: AbortSignal): Promise<void> => {
  const { line, bold, dim } = terminal;
  const options = readOptions(process.argv.slice(2), { env: process.env, dotEnv: readDotEnv(), root });
  if (options.url !== undefined) {
    const holds = await Promise.race([tellOfRunning(options, terminal), aborted(interrupted)]);
    if (holds === false) process.exitCode = 1;
    return;
  }
  const broker = options.busUrl === undefined ? 'the embedded broker' : 'the broker of BUS_URL';
  line(bold('Emporium'));
  line(dim(`starts on ${broker}; data and logs in ${options.dataDir}`));

  const shop = await startShop({
    dataDir: options.dataDir,
    port: options.port,
    ...(options.busUrl === undefined ? {} : { busUrl: options.busUrl }),
    ...(options.tasksUrl === undefined ? {} : { tasksUrl: options.tasksUrl }),
    ...(options.streamUrl === undefined ? {} : { streamUrl: options.streamUrl }),
    restart: options.restart,
    onIncident: (incident) => tellIncident(incident, terminal),
    progress: (what, ms) => line(`  ${dim(`${(ms / 1_000).toFixed(1).padStart(5)} s`)}  ${what}`),
    signal: interrupted,
  });
  try {
    const holds = await Promise.race([story(shop, terminal, interrupted), aborted(interrupted)]);
    if (holds === false) process.exitCode = 1;
    if (options.exit || holds === undefined) return;
    printAddresses(shop, terminal);
    await aborted(interrupted);
  } finally {
    line(dim('\nstopping: every process finishes what it began'));
    await shop.stop();
    line(dim('stopped'));
  }
};

const readDotEnv = (): NodeJS.ProcessEnv => {
  const file = resolve(root, '.env');
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
};

const story = async (
  shop: Shop,
  { teller, verdict }: Terminal,
  interrupted: AbortSignal,
): Promise<boolean> => {
  const holds = await runDemo(createShopClient(shop.url, shop.admin), untilAborted(teller, interrupted));
  verdict(holds, `${Math.round(shop.memory() / 1_000_000)} MB resident in all`);
  return holds;
};

/** While the shop stops, the story fails at one place or another: nobody wants to read that. */
const untilAborted = (teller: DemoReporter, signal: AbortSignal): DemoReporter => {
  const unlessAborted =
    <Told extends unknown[]>(tell: (...told: Told) => void) =>
    (...told: Told): void => {
      if (!signal.aborted) tell(...told);
    };
  return {
    section: unlessAborted(teller.section),
    info: unlessAborted(teller.info),
    timeline: unlessAborted(teller.timeline),
    check: unlessAborted(teller.check),
  };
};

const printAddresses = ({ url, admin, logDir }: Shop, { line, bold, dim }: Terminal): void => {
  line(`\n${bold('Try it')}`);
  line(`  shop       ${url}          API documents  ${url}/docs`);
  line(`  mails      ${url}/api/mails          logs  ${logDir}`);
  line(`  administrator  ${admin.email} / ${admin.password}          task queues  ${url}/admin`);
  line(dim('\n  # register, log in, order, look'));
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
  line(dim('\n  # the warehouses, live; in another terminal, let the cooling of one fail'));
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
/** As a shell counts it. A story that failed is worth more than how the process was stopped afterwards. */
const interrupt = (signal: NodeJS.Signals): void => {
  process.exitCode ??= 128 + constants.signals[signal];
  interrupted.abort();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
// Nobody reads any more: the shop stops as a program in a pipeline does, and in order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt('SIGPIPE'));
try {
  await run(terminal, interrupted.signal);
} catch (error) {
  if (interrupted.signal.aborted) {
    terminal.line(terminal.dim('stopped before it was up'));
  } else {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${terminal.red('The demo ended:')} ${message}\n`);
    process.exitCode = 1;
  }
}
process.exit();
