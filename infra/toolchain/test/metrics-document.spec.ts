import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DefinedMetric } from '@emporium/telemetry';
import { beforeAll, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const definition = /^(export )?(const \w+ = (counter|gauge|histogram)|counterOf)\(/m;

/** The files that define metrics: as a rule one in a package. */
const modules = globSync('{packages,services,infra}/**/src/**/*.ts', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
}).filter((path) => !path.endsWith('.spec.ts') && definition.test(readFileSync(join(root, path), 'utf8')));

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

test('docs/metrics.md lists every metric with its kind and labels, and no other', () => {
  const document = documented(readFileSync(join(root, 'docs/metrics.md'), 'utf8'));
  expect(document.length).toBeGreaterThan(30);
  expect(document.toSorted()).toEqual(defined.map(lineOf).toSorted());
});

test('names have the form and the unit that Prometheus wants', () => {
  for (const { name, kind, labels } of defined) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.endsWith('_total'), name).toBe(kind === 'counter');
    if (kind === 'histogram') expect(name).toMatch(/_(seconds|size)$/);
    for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
  }
});
