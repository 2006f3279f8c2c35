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

/** The addresses of the shop's and the console's pages, to which the lessons lead: `/console/orders/:id` with any id. */
const pages = ['console/pages.tsx', 'shop/app.tsx'].flatMap((file) =>
  [...readFileSync(join(root, 'services/web/pages', file), 'utf8').matchAll(/'(\/[^']*)'/g)].map(
    ([, pattern = '']) => new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}$`),
  ),
);

const leadsSomewhere = (document: string, path: string): boolean =>
  path.startsWith('/')
    ? pages.some((page) => page.test(path))
    : existsSync(join(root, dirname(document), path));

test.each(documents)('every link of %s leads to a file, or to a page', (document) => {
  const links = linksIn(readFileSync(join(root, document), 'utf8'));
  const broken = links.filter((path) => !leadsSomewhere(document, path));
  expect(broken).toEqual([]);
});

test('the documents are found, and their links', () => {
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'services/order/README.md']));
  expect(linksIn(readFileSync(join(root, 'README.md'), 'utf8')).length).toBeGreaterThan(30);
});
