// npm run demo: starts the shop, tells its story, and stays up until Ctrl-C; with --exit it ends after the story, and with
// --url it tells the story of a shop that runs elsewhere.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { createShopClient, type Teller, tellStory } from '@emporium/e2e';
import { type Shop, startShop } from '@emporium/launcher';
import { readOptions } from './options.ts';
import { tellOfRunning } from './running-shop.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const root = resolve(import.meta.dirname, '../../..');

/** As a shell counts it: ended by Ctrl-C. */
const interruptedCode = 130;

const run = async (terminal: Terminal, interrupted: AbortSignal): Promise<void> => {
  const { line, bold, dim, red } = terminal;
  const options = readOptions(process.argv.slice(2), { env: process.env, dotEnv: readDotEnv(), root });
  if (options.url !== undefined) {
    const holds = await Promise.race([tellOfRunning(options, terminal), aborted(interrupted)]);
    if (holds !== true) process.exitCode = holds === false ? 1 : interruptedCode;
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
    progress: (what, ms) => line(`  ${dim(`${(ms / 1_000).toFixed(1).padStart(5)} s`)}  ${what}`),
    signal: interrupted,
  });
  try {
    for (const { name, onCrash, logFile } of shop.processes.values()) {
      onCrash((how) => line(red(`  ${name} ended by itself (${how}); its log is ${logFile}`)));
    }
    const holds = await Promise.race([story(shop, terminal, interrupted), aborted(interrupted)]);
    if (holds !== true) process.exitCode = holds === false ? 1 : interruptedCode;
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
  const holds = await tellStory(createShopClient(shop.url, shop.admin), untilAborted(teller, interrupted));
  verdict(holds, `${Math.round(shop.memory() / 1_000_000)} MB resident in all`);
  return holds;
};

/** While the shop stops, the story fails at one place or another: nobody wants to read that. */
const untilAborted = (teller: Teller, signal: AbortSignal): Teller => {
  const unlessAborted =
    <Told extends unknown[]>(tell: (...told: Told) => void) =>
    (...told: Told): void => {
      if (!signal.aborted) tell(...told);
    };
  return {
    chapter: unlessAborted(teller.chapter),
    say: unlessAborted(teller.say),
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
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort());
try {
  await run(terminal, interrupted.signal);
} catch (error) {
  if (interrupted.signal.aborted) {
    terminal.line(terminal.dim('stopped before it was up'));
    process.exitCode = interruptedCode;
  } else {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${terminal.red('The demo ended:')} ${message}\n`);
    process.exitCode = 1;
  }
}
process.exit();
