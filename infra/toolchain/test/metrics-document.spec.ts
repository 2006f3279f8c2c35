import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DefinedMetric } from '@emporium/telemetry';
import { beforeAll, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A package defines its metrics in files of this name. */
const modules = globSync('{packages,services,infra}/**/src/**/metrics.ts', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
}).filter((path) => path !== 'packages/telemetry/src/metrics/metrics.ts'); // where they are made

const lineOf = ({ name, kind, labels }: DefinedMetric): string =>
  `${name} ${kind} ${labels.join(' ')}`.trim();

/** The rows of the tables: name, kind, labels. */
const documented = (markdown: string): string[] =>
  [...markdown.matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)].map(([, name = '', kind = '', labels = '']) =>
    [name, kind, ...[...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)].join(' '),
  );

let defined: readonly DefinedMetric[];

beforeAll(async () => {
  vi.resetModules(); // without what other tests have defined
  const { definedMetrics } = await import('@emporium/telemetry');
  for (const path of modules) await import(join(root, path));
  defined = definedMetrics();
}, 60_000);

/** Defined by branches that are not merged yet. */
const isPending = (line: string): boolean => /^emporium_(spans|broker|queue|dead_letters)/.test(line);

test('docs/metrics.md lists every metric with its kind and labels, and no other', () => {
  const document = documented(readFileSync(join(root, 'docs/metrics.md'), 'utf8'));
  expect(document.length).toBeGreaterThan(30);
  const listed = document.filter((line) => !isPending(line));
  const inCode = defined.map(lineOf).filter((line) => !isPending(line));
  expect(listed.toSorted()).toEqual(inCode.toSorted());
});

test('names have the form and the unit that Prometheus wants', () => {
  for (const { name, kind, labels } of defined) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.endsWith('_total'), name).toBe(kind === 'counter');
    if (kind === 'histogram') expect(name).toMatch(/_(seconds|size)$/);
    for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
  }
});
