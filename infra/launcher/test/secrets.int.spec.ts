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

  test('are made once, and are their owner’s alone', async () => {
    const first = await loadSecrets(file);
    expect(await loadSecrets(file)).toEqual(first);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('one that an older file lacks is added, and stays', async () => {
    const { carrierApiKey: _, ...older } = await loadSecrets(file);
    await writeFile(file, JSON.stringify(older));
    const completed = await loadSecrets(file);
    expect(completed).toMatchObject(older);
    expect(await loadSecrets(file)).toEqual(completed);
  });

  test('a file that was damaged is named, and not overwritten', async () => {
    await loadSecrets(file);
    await writeFile(file, '{"jwtPublicKey":');
    await expect(loadSecrets(file)).rejects.toThrow(file);
    expect(await readFile(file, 'utf8')).toBe('{"jwtPublicKey":');
  });
});
