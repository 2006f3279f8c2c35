import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { transportSchemes } from './transport.ts';

const root = resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8');

const transports = readdirSync(resolve(root, 'packages')).filter(
  (name) => existsSync(resolve(root, 'packages', name, 'turbo.json')) && tagsOf(name).includes('transport'),
);

function tagsOf(name: string): readonly string[] {
  return JSON.parse(read(`packages/${name}/turbo.json`)).tags;
}

test.each(transports)('%s has a URL scheme', (name) => {
  const message = `packages/service/src/transport.ts does not load @emporium/${name}`;
  expect(read('packages/service/src/transport.ts').includes(`import('@emporium/${name}')`), message).toBe(
    true,
  );
});

test.each(transports)('%s has a row in the table of brokers', (name) => {
  const message = `README.md has no row for packages/${name}`;
  expect(read('README.md').includes(`| [${name}](packages/${name}) |`), message).toBe(true);
});

test.each(transports)('%s runs the conformance suite', (name) => {
  const suite = `packages/${name}/test/conformance.int.spec.ts`;
  expect(existsSync(resolve(root, suite)), `${suite} is missing`).toBe(true);
  expect(read(suite)).toContain('testTransport({');
});

test.each(transportSchemes)('the README says what %s means', (scheme) => {
  expect(read('README.md').includes(`\`${scheme}\``), `README.md does not name ${scheme}`).toBe(true);
});

/** What a transport needs besides ours is its driver; PostgreSQL's is the store's too. */
const drivers = transports.flatMap((name) =>
  Object.keys(JSON.parse(read(`packages/${name}/package.json`)).dependencies).filter(
    (dependency) => !dependency.startsWith('@emporium/') && dependency !== 'pg',
  ),
);

test.each([...new Set(drivers)])('the layers above the transports must not import %s', (driver) => {
  const forbidden = JSON.parse(read('biome.json'))
    .overrides.filter(({ includes }: { includes: string[] }) =>
      ['packages/store/src/**', 'packages/event-store/src/**', 'services/*/src/**'].includes(
        includes[0] ?? '',
      ),
    )
    .map((block: { includes: string[]; linter: { rules: object } }) => ({
      of: block.includes[0],
      rules: JSON.stringify(block.linter.rules),
    }));
  expect(forbidden.length).toBe(3);
  for (const { of, rules } of forbidden)
    expect(rules.includes(`"${driver}"`), `biome.json lets ${of} import ${driver}`).toBe(true);
});
