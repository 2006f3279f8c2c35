// Usage: node infra/toolchain/run.mjs <command> [arguments]
// Runs on the machine's own Node, before anything is installed: plain JavaScript, no dependencies.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies } from './install.mjs';
import { passThrough } from './pass-through.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const oldestNode = 20;

/** @type {Record<string, string>} */
const commands = {
  demo: 'infra/demo/src/demo.ts',
  topology: 'infra/launcher/src/topology.ts',
  bench: 'packages/testing/bench/src/main.ts',
  'bench:brokers': 'packages/testing/bench/src/compare.ts',
  test: 'infra/toolchain/src/test.ts',
  schemathesis: 'packages/testing/e2e/scripts/schemathesis.ts',
  check: 'infra/toolchain/src/check.ts',
  format: 'infra/toolchain/src/format.ts',
};

/** @param {string} message @returns {never} */
function refuse(message) {
  console.error(message);
  process.exit(1);
}

const [command = '', ...args] = process.argv.slice(2);
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  refuse(
    `Emporium needs Node ${oldestNode} or newer to start; this is ${process.version}. Get it from https://nodejs.org, then run again.`,
  );
}
const script = commands[command];
if (script === undefined) {
  refuse(`Unknown command "${command}": expected one of ${Object.keys(commands).join(', ')}.`);
}

try {
  await installDependencies(root);
} catch (error) {
  refuse(error instanceof Error ? error.message : String(error));
}
if (!existsSync(join(root, script))) {
  refuse(`npm run ${command} runs ${script}, and that file is missing.`);
}
await passThrough({ root, script: join(root, script), args });
