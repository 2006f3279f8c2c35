import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const createEnv = join(root, 'infra/docker/create-env.mjs');
const example = parseEnv(readFileSync(join(root, '.env.example'), 'utf8'));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emporium-env-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const create = (name: string) => {
  const file = join(folder, name);
  execFileSync(process.execPath, [createEnv, file], { stdio: 'ignore' });
  return { file, env: parseEnv(readFileSync(file, 'utf8')) };
};

test('writes every variable of the example, with new secrets, in a file that only its owner can read', () => {
  const { file, env } = create('one.env');
  expect(Object.keys(env)).toEqual(Object.keys(example));
  expect(env).toMatchObject({ GATEWAY_PORT: '8080', MAIL_FROM: example['MAIL_FROM'] });
  const { env: other } = create('other.env');
  const secrets = Object.keys(example).filter((name) => /PASSWORD|_KEY$|SECRET/.test(name));
  expect(secrets.length).toBeGreaterThan(12);
  for (const name of secrets) {
    expect(env[name], name).not.toBe(example[name]);
    expect(env[name], name).not.toBe(other[name]);
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['the example', () => example],
  ['the new file', () => create('keys.env').env],
])('the keys of %s are a pair', (_, envOf) => {
  const { JWT_PUBLIC_KEY: publicKey = '', JWT_PRIVATE_KEY: privateKey = '' } = envOf();
  const own = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  expect(createPublicKey(own).export({ format: 'der', type: 'spki' }).toString('base64')).toBe(publicKey);
});

test('does not overwrite a file', () => {
  const { file } = create('one.env');
  const before = readFileSync(file, 'utf8');
  const { status, stderr } = spawnSync(process.execPath, [createEnv, file], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('one.env already exists');
  expect(readFileSync(file, 'utf8')).toBe(before);
});
