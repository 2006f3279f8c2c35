import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../src/run.ts';

const installer = fileURLToPath(new URL('fixtures/install.mjs', import.meta.url));
const unavailable = 'http://127.0.0.1:1/';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'emporium-install-'));
  writeFileSync(join(root, 'package.json'), '{ "packageManager": "pnpm@1.2.3" }');
  writeFileSync(join(root, 'pnpm-workspace.yaml'), 'packages: []\n');
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'one\n');
  npx('mkdir -p node_modules/.bin; sleep 0.2; touch node_modules/.bin/node');
});
afterEach(() => rmSync(root, { recursive: true }));

/** A stand-in for npx: records its arguments, then runs the script in the repository. */
const npx = (script: string) => {
  const file = join(root, 'bin/npx');
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "$*" >> calls\n${script}\n`);
  chmodSync(file, 0o755);
};

const calls = () => readFileSync(join(root, 'calls'), 'utf8').trim().split('\n');

const install = () =>
  run(process.execPath, [installer, root], {
    capture: true,
    env: { PATH: `${join(root, 'bin')}:/usr/bin:/bin`, npm_config_registry: unavailable },
  });

describe('installing the dependencies', { timeout: 30_000 }, () => {
  test('uses the pinned pnpm and a frozen lockfile', async () => {
    expect(await install()).toMatchObject({ code: 0 });
    expect(calls()).toEqual(['--yes pnpm@1.2.3 install --frozen-lockfile']);
  });

  test('happens once', async () => {
    await install();
    expect(await install()).toEqual({ code: 0, output: '' });
    expect(calls()).toHaveLength(1);
  });

  test('happens again when the lockfile changed', async () => {
    await install();
    appendFileSync(join(root, 'pnpm-lock.yaml'), 'two\n');
    await install();
    expect(calls()).toHaveLength(2);
  });

  test('happens again when the installed files are missing', async () => {
    await install();
    rmSync(join(root, 'node_modules/.bin/node'));
    await install();
    expect(calls()).toHaveLength(2);
  });

  test('is done by one of two commands that start at the same time', async () => {
    const results = await Promise.all([install(), install()]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(calls()).toHaveLength(1);
  });

  test('reports a failure and an unavailable registry, and is tried again the next time', async () => {
    npx('echo "npm error ECONNREFUSED"; exit 3');
    const { code, output } = await install();
    expect(code).toBe(1);
    expect(output).toContain('npm error ECONNREFUSED');
    expect(output).toContain('could not be installed (pnpm@1.2.3 ended with 3)');
    expect(output).toContain(`The npm registry ${unavailable} cannot be reached`);
    expect(existsSync(join(root, '.data/installing.lock'))).toBe(false);
    await install();
    expect(calls()).toHaveLength(2);
  });
});
