// npm run logs -- [--correlation <id>] [--trace <id>] [--service <name>]… [--level <level>] [--since <10m>] [--follow] [--json]:
// the log lines of all processes of the shop that the demo started on DATA_DIR, in the order of their times.
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { readOptions, UsageError } from './logs/options.ts';
import { NoLogsError, printLogs } from './logs/print-logs.ts';

const dataDir = process.env['DATA_DIR'] ?? join(resolve(import.meta.dirname, '../../..'), '.data');
const { stdout } = process;
const interrupted = new AbortController();
const interrupt = (): void => interrupted.abort();
// A reader such as `head` that has seen enough.
stdout.on('error', () => process.exit(0));

try {
  const options = readOptions(process.argv.slice(2), Date.now());
  if (options.follow) for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, interrupt);
  const printed = await printLogs({
    ...options,
    folder: join(dataDir, 'logs'),
    colours: stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
    print: async (text) => {
      if (!stdout.write(text)) await once(stdout, 'drain');
    },
    signal: interrupted.signal,
  });
  if (printed === 0) process.stderr.write('no line matches\n');
} catch (error) {
  if (!(error instanceof UsageError || error instanceof NoLogsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 64 : 1;
}
