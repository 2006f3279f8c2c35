import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { compileServices } from '../src/compile-services.ts';
import { nodeOptions } from '../src/service-process.ts';
import { programOf, services } from '../src/services.ts';

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'emporium-compiled-'));
  vi.stubEnv('NODE_COMPILE_CACHE', cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

const entries = async (): Promise<readonly string[]> =>
  (await readdir(cache, { recursive: true })).toSorted();

test('no process has anything left to compile when it starts', async () => {
  await compileServices();
  const before = await entries();
  expect(before.length).toBeGreaterThan(services.length);

  for (const name of ['gateway', 'mailbox', 'email-worker']) {
    // Without an environment it ends after its code is loaded.
    const ended = promisify(execFile)(process.execPath, [...nodeOptions, programOf(name)], {
      env: { NODE_COMPILE_CACHE: cache },
    });
    await expect(ended).rejects.toMatchObject({ code: 78 });
  }
  expect(await entries()).toEqual(before);
});

test('a cache that cannot be written is no reason not to start', async () => {
  await writeFile(join(cache, 'file'), '');
  vi.stubEnv('NODE_COMPILE_CACHE', join(cache, 'file'));
  await expect(compileServices()).resolves.toBeUndefined();
});
