import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { generatedFiles } from '../src/generated-files.ts';

const document = readFileSync(resolve(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');
/** Every metric and every label. */
const documented = new Set([...document.matchAll(/`(\w+)`/g)].map(([, name]) => name));
const queries = generatedFiles().filter(({ path }) => /\.(yml|json)$/.test(path));

test('rules and dashboards read metrics and labels that docs/metrics.md has', () => {
  const used = queries.flatMap(({ text }) =>
    [...text.matchAll(/\b(?:emporium|http|messaging|db_client|nodejs|process|v8js)_\w+/g)].map(
      ([name]) => name,
    ),
  );
  expect(used.length).toBeGreaterThan(200);
  const unknown = [...new Set(used)].filter(
    (name) => !documented.has(name) && !documented.has(name.replace(/_(bucket|count|sum)$/, '')),
  );
  expect(unknown).toEqual([]);
});
