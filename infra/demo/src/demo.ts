// npm run demo: starts the shop, tells its story, and stays up until Ctrl-C; with --exit it ends after the story.
import { resolve } from 'node:path';
import { createShopClient, tellStory } from '@emporium/e2e';
import { type Shop, startShop } from '@emporium/launcher';
import { readOptions } from './options.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const root = resolve(import.meta.dirname, '../../..');

const run = async (terminal: Terminal): Promise<void> => {
  const { line, bold, dim } = terminal;
  const options = readOptions(process.argv.slice(2), process.env, root);
  line(bold('Emporium'));
  line(
    dim(
      `starts on ${options.busUrl === undefined ? 'the embedded broker' : 'the broker of BUS_URL'}; data and logs in ${options.dataDir}`,
    ),
  );

  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  const shop = await startShop({
    dataDir: options.dataDir,
    port: options.port,
    ...(options.busUrl === undefined ? {} : { busUrl: options.busUrl }),
    progress: (what, ms) => line(`  ${dim(`${String(ms).padStart(6)} ms`)}  ${what}`),
    signal: interrupted.signal,
  });
  try {
    for (const { name, onCrash, logFile } of shop.processes.values()) {
      onCrash((code) => line(terminal.red(`  ${name} ended with ${code}; see ${logFile}`)));
    }
    const holds = await Promise.race([story(shop, terminal), aborted(interrupted.signal)]);
    if (holds === undefined) return;
    if (!holds) process.exitCode = 1;
    if (options.exit) return;
    printAddresses(shop, terminal);
    await aborted(interrupted.signal);
  } finally {
    line(dim('\nstopping: every process finishes what it began'));
    await shop.stop();
    line(dim('stopped'));
  }
};

const story = async (shop: Shop, { teller, line, bold, green, red, dim }: Terminal): Promise<boolean> => {
  const holds = await tellStory(createShopClient(shop.url, shop.admin), teller);
  const megabytes = Math.round(shop.memory() / 1_000_000);
  line(
    `\n${holds ? green(bold('Every check held.')) : red(bold('Not every check held.'))} ${dim(`${megabytes} MB resident in all`)}`,
  );
  return holds;
};

const printAddresses = ({ url, admin, logDir }: Shop, { line, bold, dim }: Terminal): void => {
  line(`\n${bold('Try it')}`);
  line(`  shop       ${url}          API documents  ${url}/docs`);
  line(`  mails      ${url}/api/mails          logs  ${logDir}`);
  line(`  administrator  ${admin.email} / ${admin.password}`);
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
  line(dim('\n  Ctrl-C stops everything.'));
};

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((done) => {
    if (signal.aborted) done(undefined);
    else signal.addEventListener('abort', () => done(undefined), { once: true });
  });

const terminal = createTerminal();
try {
  await run(terminal);
} catch (error) {
  process.stderr.write(
    `${terminal.red('The demo ended:')} ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
process.exit();
