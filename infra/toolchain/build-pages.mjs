import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';

/**
 * Builds the pages of the shop, which takes a second, unless they are built from the same sources already. When several processes start
 * at the same time, one of them builds and the others wait.
 *
 * @param {string} root the repository, with its dependencies installed
 * @throws {Error} whose message says what failed
 */
export const buildPages = async (root) => {
  const web = join(root, 'services/web');
  const marker = join(web, 'dist/.built-from');
  const isBuilt = () => existsSync(marker) && readFileSync(marker, 'utf8') === fingerprint(root, web);
  if (isBuilt()) return;
  await withLock(join(root, '.data/building-pages.lock'), async () => {
    if (isBuilt()) return;
    const { status, error, stdout, stderr } = spawnSync(
      join(root, 'node_modules/.bin/node'),
      [join(web, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
      { cwd: web, encoding: 'utf8' },
    );
    if (error)
      throw new Error(`vite cannot be started (${error.message}): remove node_modules and run again`);
    if (status !== 0) throw new Error(`The pages in services/web could not be built:\n${stdout}${stderr}`);
    writeFileSync(marker, fingerprint(root, web));
  });
};

/**
 * Of everything that the pages are built from.
 *
 * @param {string} root
 * @param {string} web
 */
const fingerprint = (root, web) => {
  const folders = [join(web, 'pages'), join(root, 'docs/lessons')];
  const sources = folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const hash = createHash('sha256');
  for (const file of [...sources.sort(), join(web, 'vite.config.ts'), join(root, 'pnpm-lock.yaml')])
    hash.update(`${file.slice(root.length)}\n`).update(readFileSync(file));
  return hash.digest('hex');
};
