// node infra/docker/create-env.mjs [file]: writes .env, a copy of .env.example with new secrets. Needs only Node 20 or newer. Does not
// overwrite a file, because the servers keep the passwords of their first start.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = resolve(process.argv[2] ?? `${root}/.env`);

const pair = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
});
const keys = new Map([
  ['JWT_PUBLIC_KEY', pair.publicKey.toString('base64')],
  ['JWT_PRIVATE_KEY', pair.privateKey.toString('base64')],
]);

const secret = () => randomBytes(24).toString('base64url');

const lines = readFileSync(`${root}/.env.example`, 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .map((line) => {
    const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined) return line;
    const own = keys.get(name) ?? (value.startsWith('development-only') ? secret() : value);
    return `${name}=${own}`;
  });

try {
  const text = lines
    .join('\n')
    .trim()
    .replace(/\n{3,}/g, '\n\n');
  writeFileSync(file, `# Generated from .env.example, which explains the variables.\n\n${text}\n`, {
    flag: 'wx',
    mode: 0o600,
  });
  console.log(`Wrote ${file}.`);
} catch (error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error); // writeFileSync throws nothing else
  console.error(
    code === 'EEXIST' ? `${file} already exists: remove it first, or name another file.` : message,
  );
  process.exitCode = 1;
}
