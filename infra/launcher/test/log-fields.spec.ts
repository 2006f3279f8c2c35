import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { baseFields, errorFields, logFields } from '@emporium/service/log-schema';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const folders = [
  'packages/*/src',
  'packages/bus-*/src',
  'services/*/src',
  'infra/*/src',
  'infra/stand-ins/*/src',
];

const sources = folders
  .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
  .filter((path) => !path.endsWith('.spec.ts') && !path.includes('node_modules'))
  .filter((path) => /\blog\b/.test(readFileSync(join(root, path), 'utf8')));

/** The names in the object that begins at `from`, without those in nested braces; spread objects are looked up where they are made. */
const namesIn = (text: string, from: number): string[] => {
  let depth = 0;
  let own = '';
  for (let index = from; index < text.length; index += 1) {
    const character = text[index] ?? '';
    if ('{(['.includes(character)) depth += 1;
    else if ('})]'.includes(character)) depth -= 1;
    else if (depth === 1) own += character;
    if (depth === 0) break;
  }
  return own
    .split(',')
    .map((part) => /^\s*(\w+)\s*(:|$)/.exec(part)?.[1])
    .filter((name) => name !== undefined);
};

/** `log.warn({ … })`, and the objects that are made for it: `facts`, `factsOf`. */
const objects = [
  /\blog\??\.(?:trace|debug|info|warn|error|fatal)(?:\?\.)?\(\s*(?=\{)/g,
  /\bfacts(?:: \w+)? = (?=\{)/g,
];

const fieldsIn = (text: string): string[] =>
  objects.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap((match) => namesIn(text, match.index + match[0].length)),
  );

test('log calls have only fields that log-fields.ts declares', () => {
  const undeclared = sources.flatMap((path) =>
    fieldsIn(readFileSync(join(root, path), 'utf8'))
      .filter((name) => name !== 'err' && !Object.hasOwn(logFields, name))
      .map((name) => `${path}: ${name}`),
  );
  expect(
    undeclared,
    'declare it in packages/service/src/log-fields.ts, and explain it in docs/logs.md',
  ).toEqual([]);
});

test('the check finds the fields of the calls', () => {
  const found = new Set(sources.flatMap((path) => fieldsIn(readFileSync(join(root, path), 'utf8'))));
  expect(found.size).toBeGreaterThan(30);
  expect(fieldsIn("log.warn({ one, two: f({ three }), ...facts, [four]: 5 }, 'text');")).toEqual([
    'one',
    'two',
  ]);
  expect(fieldsIn("log.debug?.({ ...facts, ms }, 'handled');")).toEqual(['ms']);
  expect(fieldsIn('const facts = { subscription: name };')).toEqual(['subscription']);
});

test.each(Object.entries(logFields))('docs/logs.md explains %s', (name, { field }) => {
  const line = readFileSync(join(root, 'docs/logs.md'), 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`| \`${field}\` |`));
  expect(line, `a row for ${field}`).toContain(`\`${name}\``);
});

test.each([...Object.values(baseFields), ...Object.values(errorFields)])(
  'docs/logs.md explains %s',
  (field) => {
    expect(readFileSync(join(root, 'docs/logs.md'), 'utf8')).toContain(`| \`${field}\` |`);
  },
);
