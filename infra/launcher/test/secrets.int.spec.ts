import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSecrets } from '../src/secrets.ts';

describe('secrets', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emporium-secrets-'));
    file = join(folder, 'data', 'secrets.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('are generated once, and are readable only by their owner', async () => {
    const first = await loadSecrets(file);
    expect(await loadSecrets(file)).toEqual(first);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('that an older file does not have are added, and stay the same', async () => {
    const { carrierApiKey: _, ...older } = await loadSecrets(file);
    await writeFile(file, JSON.stringify(older));
    const completed = await loadSecrets(file);
    expect(completed).toMatchObject(older);
    expect(await loadSecrets(file)).toEqual(completed);
  });

  test('in a damaged file are an error that names the file, and are not overwritten', async () => {
    await loadSecrets(file);
    await writeFile(file, '{"jwtPublicKey":');
    await expect(loadSecrets(file)).rejects.toThrow(file);
    expect(await readFile(file, 'utf8')).toBe('{"jwtPublicKey":');
  });
});
