import { expect, test } from 'vitest';
import { dummyHash, hashPassword, verifyPassword } from './passwords.ts';

test('a password verifies only against its own hash', async () => {
  const hash = await hashPassword('correct horse battery');
  expect(hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[\w-]{22}\$[\w-]{43}$/);
  expect(await verifyPassword('correct horse battery', hash)).toBe(true);
  expect(await verifyPassword('correct horse batterY', hash)).toBe(false);
  expect(await verifyPassword('correct horse battery', await dummyHash())).toBe(false);
});

test('the same password has a different hash every time', async () => {
  expect(await hashPassword('correct horse battery')).not.toBe(await hashPassword('correct horse battery'));
});

test('a hash with another cost verifies', async () => {
  // RFC 7914, section 12, the second vector
  const key =
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640';
  const stored = `$scrypt$ln=10,r=8,p=16$${Buffer.from('NaCl').toString('base64url')}$${Buffer.from(key, 'hex').toString('base64url')}`;
  expect(await verifyPassword('password', stored)).toBe(true);
  expect(await verifyPassword('passwore', stored)).toBe(false);
});

test('different encodings of the same characters are the same password', async () => {
  expect(await verifyPassword('Cafe\u0301-au-lait', await hashPassword('Caf\u00e9-au-lait'))).toBe(true);
});
