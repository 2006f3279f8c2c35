// node infra/docker/create-env.mjs [file]: writes .env, which is .env.example with secrets of its own. Any Node from 20, nothing
// installed. What is there is left alone: the servers keep the passwords of their first start.
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
  writeFileSync(file, `# Made from .env.example, which says what is what.\n\n${text}\n`, {
    flag: 'wx',
    mode: 0o600,
  });
  console.log(`${file} is written.`);
} catch (error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error); // of the file system
  console.error(
    code === 'EEXIST' ? `${file} is there already: remove it first, or name another file.` : message,
  );
  process.exitCode = 1;
}
