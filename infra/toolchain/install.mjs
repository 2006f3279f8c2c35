import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';

/**
 * The package manager that package.json pins, as npx takes it: `pnpm@…`.
 *
 * @param {string} root the repository
 * @returns {string}
 */
export const packageManager = (root) =>
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;

/**
 * Installs the dependencies unless those of this lockfile are already installed for this platform. When several processes start at
 * the same time, one of them installs and the others wait. Progress is written to stderr.
 *
 * @param {string} root the repository
 * @throws {Error} whose message says what failed and what to do
 */
export const installDependencies = async (root) => {
  if (isInstalled(root)) return;
  await withLock(join(root, '.data/installing.lock'), async () => {
    if (isInstalled(root)) return;
    const start = performance.now();
    console.error('Installing dependencies (once; about half a minute on a fast connection) …');
    const { status, error } = spawnSync(
      'npx',
      ['--yes', packageManager(root), 'install', '--frozen-lockfile'],
      {
        cwd: root,
        stdio: ['ignore', process.stderr, process.stderr],
        env: { ...process.env, ...unattended },
        shell: process.platform === 'win32',
      },
    );
    if (error)
      throw new Error(
        `npx cannot be started (${error.message}): it comes with npm; check that npm is on the PATH`,
      );
    if (status !== 0) throw new Error(await explain(root, status));
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    writeFileSync(marker(root), fingerprint(root));
    console.error(`Installed in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
  });
};

/** No prompts; and seconds instead of minutes until an unavailable registry is reported. */
const unattended = {
  CI: 'true',
  npm_config_loglevel: 'error',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_fetch_retry_maxtimeout: '5000',
};

/** @param {string} root */
const marker = (root) => join(root, 'node_modules/.installed-lockfile');

/** @param {string} root */
const isInstalled = (root) =>
  existsSync(marker(root)) &&
  existsSync(join(root, 'node_modules/.bin/node')) &&
  readFileSync(marker(root), 'utf8') === fingerprint(root);

/**
 * Includes the platform, because dependencies contain binaries: a folder that is shared with a container is installed again.
 *
 * @param {string} root
 */
const fingerprint = (root) => {
  const hash = createHash('sha256');
  for (const part of [packageManager(root), process.platform, process.arch]) hash.update(`${part}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
};

/** @param {string} root @param {number | null} status */
const explain = async (root, status) => {
  const registry = process.env.npm_config_registry ?? 'https://registry.npmjs.org/';
  const failure = `The dependencies could not be installed (${packageManager(root)} ended with ${status}).`;
  const unreachable = await reach(registry);
  return unreachable === undefined
    ? `${failure} The lines above say why.`
    : `${failure} The npm registry ${registry} cannot be reached: ${unreachable}. Check the connection, or set npm's "proxy" and "registry", then run again.`;
};

/** @param {string} registry @returns {Promise<string | undefined>} why it cannot be reached */
const reach = async (registry) => {
  try {
    await fetch(registry, { method: 'HEAD', signal: AbortSignal.timeout(5000) });
    return undefined;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
};
