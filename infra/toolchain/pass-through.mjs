import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { onceNpmIsGone } from './npm-watch.mjs';

/** @type {NodeJS.Signals[]} */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** With npm one Ctrl-C arrives twice: from the terminal, and again from npm, sometimes later. */
const sameKeyPressMs = 1000;

/**
 * Runs a script on the pinned Node with the same arguments, terminal and signals, and exits with its exit code.
 *
 * The script has its own process group, so that it gets a signal once, even if its parents get it, too. It reads from a pipe
 * (lifeline.mjs) and stops when this process ends, even when that is killed. When npm ends, the script gets SIGTERM.
 *
 * @param {{ root: string, script: string, args: readonly string[] }} target
 */
export const passThrough = async ({ root, script, args }) => {
  const child = spawn(
    join(root, 'node_modules/.bin/node'),
    ['--import', new URL('./lifeline.mjs', import.meta.url).href, script, ...args],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      detached: process.platform !== 'win32',
      env: pinnedEnvironment(root),
    },
  );

  const lastSent = new Map();
  for (const signal of forwarded) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - (lastSent.get(signal) ?? Number.NEGATIVE_INFINITY) < sameKeyPressMs) return;
      lastSent.set(signal, now);
      child.kill(signal);
    });
  }
  process.on('SIGWINCH', () => child.kill('SIGWINCH'));
  onceNpmIsGone(() => child.kill('SIGTERM'));

  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  process.exit(code);
};

/**
 * The pinned Node and the tools come first on the PATH; compiled code is cached, so that later starts are faster.
 *
 * @param {string} root
 */
const pinnedEnvironment = (root) => ({
  ...process.env,
  PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
  NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/v8'),
});
