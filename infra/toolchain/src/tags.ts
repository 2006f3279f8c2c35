// Checks that every package has exactly one tag of turbo.json: turbo boundaries has no rules for a package without a tag.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const read = (file: string): { tags?: string[]; boundaries?: { tags: Record<string, unknown> } } =>
  JSON.parse(readFileSync(join(root, file), 'utf8'));

const known = Object.keys(read('turbo.json').boundaries?.tags ?? {});

for (const manifest of globSync('{packages,packages/testing,services,infra,infra/stand-ins}/*/package.json', {
  cwd: root,
})) {
  const file = join(dirname(manifest), 'turbo.json');
  const tags = existsSync(join(root, file)) ? (read(file).tags ?? []) : [];
  if (tags.length === 1 && tags.every((tag) => known.includes(tag))) continue;
  console.error(
    `${file} must give the package one tag ("tags": [...]) of those in turbo.json: ${known.join(', ')}.`,
  );
  process.exitCode = 1;
}
