// node infra/docker/create-env.mjs [file]: writes .env, a copy of .env.example with new secrets. Needs only Node 20 or newer. Of a
// file that exists it changes nothing, because the servers keep the passwords of their first start; it adds the variables that a
// newer .env.example has besides.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = resolve(process.argv[2] ?? `${root}/.env`);

const pair = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
});
const generated = new Map([
  ['JWT_PUBLIC_KEY', pair.publicKey.toString('base64')],
  ['JWT_PRIVATE_KEY', pair.privateKey.toString('base64')],
  // A client id of MQTT has 23 characters at most.
  ['BRIDGE_MQTT_CLIENT_ID', `emporium-bridge-${randomBytes(5).toString('base64url')}`],
]);

const secret = () => randomBytes(24).toString('base64url');

const lines = readFileSync(`${root}/.env.example`, 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .map((line) => {
    const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined) return line;
    const own = generated.get(name) ?? (value.startsWith('development-only') ? secret() : value);
    return `${name}=${own}`;
  });

/** @param {string} text */
const create = (text) => {
  const header = '# Generated from .env.example, which explains the variables.';
  writeFileSync(file, `${header}\n\n${text.replace(/\n{3,}/g, '\n\n')}\n`, { flag: 'wx', mode: 0o600 });
  console.log(`Wrote ${file}.`);
};

/** @param {readonly string[]} missing */
const complete = (missing) => {
  if (missing.length === 0) return console.log(`${file} has every variable: nothing was changed.`);
  appendFileSync(file, `\n# Added from a newer .env.example.\n${missing.join('\n')}\n`);
  console.log(`Added to ${file}: ${missing.map((line) => line.split('=', 1)[0]).join(', ')}.`);
};

try {
  if (existsSync(file)) {
    const assignments = readFileSync(file, 'utf8').matchAll(/^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=/gm);
    const known = new Set([...assignments].map(([, name]) => name));
    complete(lines.filter((line) => line !== '' && !known.has(line.split('=', 1)[0])));
  } else create(lines.join('\n').trim());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
