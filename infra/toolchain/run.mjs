// Usage: node infra/toolchain/run.mjs <command> [arguments]
// Runs on the installed Node before there are dependencies: plain JavaScript without imports from packages.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPages } from './build-pages.mjs';
import { installDependencies } from './install.mjs';
import { passThrough } from './pass-through.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const oldestNode = 20;

/** @type {Record<string, string>} */
const commands = {
  demo: 'infra/demo/src/demo.ts',
  logs: 'infra/launcher/src/logs.ts',
  topology: 'infra/launcher/src/topology.ts',
  events: 'infra/launcher/src/events.ts',
  projections: 'infra/launcher/src/projections.ts',
  sagas: 'infra/admin-cli/src/sagas/main.ts',
  subscriptions: 'infra/admin-cli/src/subscriptions/main.ts',
  trace: 'infra/admin-cli/src/trace/main.ts',
  webhooks: 'infra/admin-cli/src/webhooks/main.ts',
  'dead-letters': 'infra/admin-cli/src/dead-letters/main.ts',
  observability: 'infra/observability/src/generate.ts',
  new: 'infra/toolchain/src/new.ts',
  bench: 'packages/testing/bench/src/main.ts',
  'bench:brokers': 'packages/testing/bench/src/compare.ts',
  screenshots: 'packages/testing/e2e/scripts/screenshots.ts',
  test: 'infra/toolchain/src/test.ts',
  schemathesis: 'packages/testing/e2e/scripts/schemathesis.ts',
  'third-parties': 'packages/testing/e2e/scripts/third-parties.ts',
  check: 'infra/toolchain/src/check.ts',
  format: 'infra/toolchain/src/format.ts',
};

/** Commands that start a shop. */
const needPages = new Set(['demo', 'test', 'schemathesis', 'bench', 'bench:brokers', 'screenshots']);

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

const [command = '', ...args] = process.argv.slice(2);
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  fail(
    `Emporium needs Node ${oldestNode} or newer to start; this is ${process.version}. Install it from https://nodejs.org, then run the command again.`,
  );
}
const script = commands[command];
if (script === undefined) {
  fail(`Unknown command "${command}": expected one of ${Object.keys(commands).join(', ')}.`);
}

try {
  await installDependencies(root);
  if (needPages.has(command)) await buildPages(root);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
if (!existsSync(join(root, script))) {
  fail(`npm run ${command} needs the file ${script}, which is missing.`);
}
await passThrough({ root, script: join(root, script), args });
