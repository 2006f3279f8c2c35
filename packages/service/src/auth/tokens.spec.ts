import { SignJWT } from 'jose';
import { expect, test, vi } from 'vitest';
import { generateKeyPair, privateKeyFromText, publicKeyFromText } from './keys.ts';
import { createTokenIssuer, createTokenVerifier } from './tokens.ts';

const newKeys = () => {
  const pair = generateKeyPair();
  const [publicKey, privateKey] = [publicKeyFromText(pair.publicKey), privateKeyFromText(pair.privateKey)];
  if (publicKey === undefined || privateKey === undefined)
    throw new Error('the pair does not survive as text');
  return { publicKey, privateKey };
};

const user = { userId: '0198c5c0-0000-7000-8000-000000000001', role: 'customer' } as const;

test('an issued token identifies its user', async () => {
  const { publicKey, privateKey } = newKeys();
  const { token, expiresAt } = await createTokenIssuer(privateKey).issue(user);
  expect(await createTokenVerifier(publicKey).verify(token)).toEqual(user);
  expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(3_590_000);
});

test('a cached token expires', async () => {
  const { publicKey, privateKey } = newKeys();
  let now = Date.now();
  const verifier = createTokenVerifier(publicKey, { now: () => now });
  const { token } = await createTokenIssuer(privateKey).issue(user, 60);
  await verifier.verify(token);
  await verifier.verify(token);
  now += 61_000;
  await expect(verifier.verify(token)).rejects.toMatchObject({
    status: 401,
    message: expect.stringContaining('expired'),
  });
});

test('the cache does not exceed its capacity', async () => {
  const { publicKey, privateKey } = newKeys();
  const verifier = createTokenVerifier(publicKey, { capacity: 1 });
  const issuer = createTokenIssuer(privateKey);
  const [first, second] = await Promise.all([issuer.issue(user, 60), issuer.issue(user, 61)]);
  const checks = vi.spyOn(crypto.subtle, 'verify');
  await verifier.verify(first.token);
  await verifier.verify(first.token);
  expect(checks).toHaveBeenCalledTimes(1);
  await verifier.verify(second.token);
  await verifier.verify(first.token);
  expect(checks).toHaveBeenCalledTimes(3);
  checks.mockRestore();
});

const now = () => Math.floor(Date.now() / 1_000);
const claims = { role: 'customer', sub: '1', iss: 'emporium', aud: 'emporium', exp: now() + 60 };

test.each([
  ['another issuer', { ...claims, iss: 'elsewhere' }],
  ['another audience', { ...claims, aud: 'elsewhere' }],
  ['no expiry', { ...claims, exp: undefined }],
  ['no subject', { ...claims, sub: undefined }],
  ['an unknown role', { ...claims, role: 'root' }],
  ['a start in the future', { ...claims, nbf: now() + 60 }],
])('a token with %s is refused', async (_what, payload) => {
  const { publicKey, privateKey } = newKeys();
  const token = await new SignJWT(JSON.parse(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(privateKey);
  await expect(createTokenVerifier(publicKey).verify(token)).rejects.toMatchObject({
    status: 401,
    code: 'invalid-token',
  });
});

test('a token with another key, without a signature, cut short or malformed is refused', async () => {
  const { publicKey, privateKey } = newKeys();
  const verifier = createTokenVerifier(publicKey);
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const { token } = await createTokenIssuer(privateKey).issue(user);
  const other = await createTokenIssuer(newKeys().privateKey).issue(user);
  const hmac = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(publicKey.export({ format: 'der', type: 'spki' }));
  for (const bad of [
    other.token,
    hmac,
    `${encode({ alg: 'none' })}.${encode(claims)}.`,
    token.slice(0, -10),
    'x.y.z',
    '',
    'a'.repeat(10_000),
  ]) {
    await expect(verifier.verify(bad), bad).rejects.toMatchObject({ status: 401 });
  }
});
