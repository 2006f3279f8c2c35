import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const folders = '{packages,packages/testing,services,infra,infra/stand-ins}/*';

/** A project's own list replaces vitest's: without this it searches everything that is installed, for most of a minute. */
const installed = '**/node_modules/**';

/** Each file runs a shop of more than a dozen processes. */
const shops = '{packages/testing/e2e/test,infra/demo/test,infra/observability/test/shop}/**/*.int.spec.ts';

/** Minutes each, by files of a few lines. */
const long = [
  /^packages\/testing\/e2e\/test\/(kafka|postgres|rabbitmq|redis|crashes)/,
  /^infra\/demo\//,
  /^infra\/observability\/test\/shop\//,
  /^packages\/bus-\w+\/test\/conformance/,
  /^packages\/bus-/,
  /^services\/operations\/test\/(job-crashes|pause)/,
  /^services\/bridge\/test\/(warehouse|webhook-crashes)/,
  /^packages\/store\/test\/(crash|outage)/,
  /^infra\/toolchain\//,
];

/** In a fresh clone vitest knows nothing of a file but its size, and a long one that begins last is waited for. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const path = relative(import.meta.dirname, moduleId);
      const found = long.findIndex((each) => each.test(path));
      return found === -1 ? long.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Real servers on a shared machine: CI looks twice before it turns a change away, and names what it looked at twice. */
const onServers = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // What comes at once on an idle machine may take seconds beside three other suites.
  expect: { poll: { timeout: 15_000 } },
  retry: process.env['CI'] === undefined ? 0 : 1,
};

export default defineConfig({
  test: {
    // One server of a kind for the whole run, started when the first suite asks for it.
    globalSetup: './packages/testing/servers/src/vitest-setup.ts',
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${folders}/{src,test}/**/*.spec.ts`, 'services/web/pages/**/*.spec.ts'],
          exclude: [installed, '**/*.int.spec.ts'],
          // Loading takes as long as running, and is shared: a test that changes a global puts it back.
          isolate: false,
        },
      },
      {
        test: {
          ...onServers,
          name: 'integration',
          include: [`${folders}/{src,test}/**/*.int.spec.ts`],
          exclude: [installed, shops],
          // Most of them wait for a server most of the time.
          maxWorkers: Math.max(4, availableParallelism()),
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...onServers,
          name: 'shop',
          include: [shops],
          // Two shops are what two cores carry.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
