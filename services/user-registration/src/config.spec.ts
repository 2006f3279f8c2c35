import { ConfigError, generateKeyPair, parseConfig } from '@emporium/service';
import { expect, test } from 'vitest';
import { config } from './config.ts';

const { publicKey, privateKey } = generateKeyPair();
const environment = {
  PORT: '4001',
  DATABASE_URL: 'postgres://u:p@127.0.0.1/users',
  BUS_URL: 'memory://',
  JWT_PUBLIC_KEY: publicKey,
  JWT_PRIVATE_KEY: privateKey,
  SHOP_URL: 'https://shop.example',
};

const wrong = (changes: Record<string, string>): string => {
  try {
    parseConfig(config, { ...environment, ...changes });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'nothing';
};

test('the administrator is optional', () => {
  expect(parseConfig(config, environment).ADMIN_EMAIL).toBeUndefined();
});

test('the administrator needs an address and a password', () => {
  expect(wrong({ ADMIN_EMAIL: 'a@shop.example', ADMIN_PASSWORD: 'long-enough-1' })).toBe('nothing');
  expect(wrong({ ADMIN_EMAIL: 'a@shop.example' })).toMatch(/^ADMIN_PASSWORD is missing/);
  expect(wrong({ ADMIN_PASSWORD: 'long-enough-1' })).toMatch(/^ADMIN_EMAIL is missing/);
  expect(wrong({ ADMIN_EMAIL: 'a', ADMIN_PASSWORD: 'short' }).split('\n')).toEqual([
    expect.stringMatching(/^ADMIN_EMAIL is wrong: must be an e-mail address/),
    expect.stringMatching(/^ADMIN_PASSWORD is wrong: must have 10 characters or more/),
  ]);
});

test.each([
  ['shop.example', 'must be a URL that begins with http:, https:'],
  ['ftp://shop.example', 'must be a URL that begins with http:, https:'],
  ['https://shop.example/?x=1', 'must have no query and no fragment'],
  ['https://shop.example/#x', 'must have no query and no fragment'],
])('the public address %s is rejected', (SHOP_URL, why) => {
  expect(wrong({ SHOP_URL })).toMatch(`SHOP_URL is wrong: ${why}`);
});

test('an invalid private key, or one that does not match the public key, is rejected without showing it', () => {
  expect(wrong({ JWT_PRIVATE_KEY: publicKey })).toMatch(
    /^JWT_PRIVATE_KEY is wrong: must be an Ed25519 private key/,
  );
  const other = generateKeyPair().privateKey;
  expect(wrong({ JWT_PRIVATE_KEY: other })).toMatch(
    /^JWT_PRIVATE_KEY is wrong: does not match JWT_PUBLIC_KEY/,
  );
  expect(wrong({ JWT_PRIVATE_KEY: other })).not.toContain(other);
});
