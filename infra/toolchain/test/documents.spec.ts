import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const documents = globSync('{*.md,docs/**/*.md,{packages,services,infra}/**/README.md}', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
});

/** The paths that a document links to, as it writes them; not those in its code blocks. */
const linksIn = (markdown: string): string[] =>
  [...markdown.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/\]\(([^)#\s]+)/g)]
    .map(([, path = '']) => path)
    .filter((path) => !/^[a-z]+:/.test(path));

test.each(documents)('every link of %s leads to a file', (document) => {
  const links = linksIn(readFileSync(join(root, document), 'utf8'));
  const broken = links.filter((path) => !existsSync(join(root, dirname(document), path)));
  expect(broken).toEqual([]);
});

test('the documents are found, and their links', () => {
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'services/order/README.md']));
  expect(linksIn(readFileSync(join(root, 'README.md'), 'utf8')).length).toBeGreaterThan(30);
});
