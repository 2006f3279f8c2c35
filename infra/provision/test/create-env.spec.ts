import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

const run = (file: string) => spawnSync(process.execPath, [createEnv, file], { encoding: 'utf8' });

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
  const clientId = 'BRIDGE_MQTT_CLIENT_ID';
  expect(env[clientId]).toMatch(/^emporium-bridge-[\w-]{7}$/);
  expect(env[clientId]).not.toBe(other[clientId]);
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

test('changes nothing in a complete file', () => {
  const { file } = create('one.env');
  const before = readFileSync(file, 'utf8');
  expect(run(file)).toMatchObject({ status: 0, stdout: expect.stringContaining('has every variable') });
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('adds the variables that a file of an earlier release does not have, and keeps the others', () => {
  const { file } = create('one.env');
  const complete = readFileSync(file, 'utf8');
  const older = complete.replace(/^(?:LOYALTY_PASSWORD|KAFKA_PORT)=.*\n/gm, '');
  writeFileSync(file, older);
  const { status, stdout } = run(file);
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `Added to ${file}: KAFKA_PORT, LOYALTY_PASSWORD.\n`,
  });
  const after = readFileSync(file, 'utf8');
  expect(after.startsWith(older)).toBe(true);
  expect(Object.keys(parseEnv(after)).toSorted()).toEqual(Object.keys(example).toSorted());
  expect(parseEnv(after)['LOYALTY_PASSWORD']).not.toBe(example['LOYALTY_PASSWORD']);
});

test('a file that cannot be written is an error with its name', () => {
  const file = join(folder, 'missing', 'one.env');
  expect(run(file)).toMatchObject({ status: 1, stderr: expect.stringContaining(file) });
});
