import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPlanting, type Planting } from './planting.ts';

/** A violation of one rule, in its own files, so that errors about these files are due to it. */
interface Violation {
  rule: string;
  /** The files to plant, by path; `planted` in a path gets a number, so that violations can be planted together. */
  plant: Record<string, string>;
  /** What the check must say about the first file. */
  says: string;
  /** The check that must fail. */
  check?: 'imports' | 'lint';
}

const onlyZod = 'contracts imports zod alone';
const noBroker = 'bus imports contracts and telemetry, and knows no broker';
const ownDriver = 'A transport imports bus and its driver';
const noOtherService = "A service imports the toolkit's packages, never another service";
const notMain = 'Nothing imports main.ts';
const pure = 'domain/ is pure';

const domain = 'services/order/src/domain/planted.ts';

const violations: Violation[] = [
  {
    rule: 'contracts imports no library but zod',
    plant: { 'packages/contracts/src/planted.ts': "import 'uuid';" },
    says: onlyZod,
  },
  {
    rule: 'contracts imports no builtin module',
    plant: { 'packages/contracts/src/planted.ts': "import 'node:fs';" },
    says: onlyZod,
  },
  {
    rule: 'contracts imports no package of ours',
    plant: { 'packages/contracts/src/planted.ts': "export type * from '@emporium/bus';" },
    says: onlyZod,
  },
  {
    rule: 'bus imports no transport',
    plant: { 'packages/bus/src/planted.ts': "import '@emporium/bus-memory';" },
    says: noBroker,
  },
  {
    rule: 'bus imports no driver, not even lazily',
    plant: { 'packages/bus/src/planted.ts': "export const load = () => import('amqplib');" },
    says: noBroker,
  },
  {
    rule: 'bus imports no store',
    plant: { 'packages/bus/src/planted.ts': "import '@emporium/store';" },
    says: noBroker,
  },
  {
    rule: 'a transport imports no other transport',
    plant: { 'packages/bus-postgres/src/planted.ts': "export * from '@emporium/bus-memory';" },
    says: ownDriver,
  },
  {
    rule: "a transport imports no other transport's driver",
    plant: { 'packages/bus-rabbitmq/src/planted.ts': "import 'pg';" },
    says: ownDriver,
  },
  {
    rule: 'the transport on Redis imports no driver but its own',
    plant: { 'packages/bus-redis/src/planted.ts': "import 'amqplib';" },
    says: ownDriver,
  },
  {
    rule: 'a transport imports no store',
    plant: { 'packages/bus-memory/src/planted.ts': "import '@emporium/store';" },
    says: ownDriver,
  },
  {
    rule: 'a new transport obeys the rule before it names its driver',
    plant: { 'packages/bus-carrier-pigeon/src/planted.ts': "import '@emporium/bus-memory';" },
    says: ownDriver,
  },
  {
    rule: 'store imports bus, contracts and telemetry alone',
    plant: { 'packages/store/src/planted.ts': "import '@emporium/event-store';" },
    says: 'store imports bus, contracts and telemetry',
  },
  {
    rule: 'event-store imports no service kit',
    plant: { 'packages/event-store/src/planted.ts': "import '@emporium/service';" },
    says: 'event-store and saga import bus, contracts, store and telemetry',
  },
  {
    rule: 'tasks imports no store',
    plant: { 'packages/tasks/src/planted.ts': "import '@emporium/store';" },
    says: 'tasks imports bus, contracts, telemetry, BullMQ and its drivers',
  },
  {
    rule: 'a service reaches the task queue through tasks',
    plant: { 'services/email/src/planted.ts': "import 'bullmq';" },
    says: noOtherService,
  },
  {
    rule: 'saga imports no transport',
    plant: { 'packages/saga/src/planted.ts': "import '@emporium/bus-memory';" },
    says: 'event-store and saga import bus, contracts, store and telemetry',
  },
  {
    rule: 'a service imports no other service',
    plant: { 'services/order/src/planted.ts': "import '@emporium/payment';" },
    says: noOtherService,
  },
  {
    rule: 'a service imports no transport',
    plant: { 'services/order/src/planted.ts': "import '@emporium/bus-rabbitmq';" },
    says: noOtherService,
  },
  {
    rule: 'a stand-in imports no transport',
    plant: { 'infra/stand-ins/mailbox/src/planted.ts': "import '@emporium/bus-rabbitmq';" },
    says: noOtherService,
  },
  {
    rule: 'a service imports no broker driver',
    plant: { 'services/order/src/planted.ts': "import 'amqplib';" },
    says: noOtherService,
  },
  {
    rule: 'the bridge imports drivers only in the folders for them',
    plant: { 'services/bridge/src/inbound/planted.ts': "import 'amqplib';" },
    says: noOtherService,
  },
  {
    rule: 'no import leaves its package, as one of another service by its path',
    plant: { 'services/order/src/planted.ts': "export * from '../../payment/src/app.ts';" },
    says: 'leaves the package',
  },
  {
    rule: 'no package imports a service',
    plant: { 'packages/service/src/planted.ts': "import '@emporium/order';" },
    says: 'cannot import package `@emporium/order`',
  },
  {
    rule: 'domain/ imports no library',
    plant: { [domain]: "import 'kysely';" },
    says: pure,
  },
  {
    rule: 'domain/ does no I/O through a builtin module',
    plant: { [domain]: "import 'node:fs/promises';" },
    says: pure,
  },
  {
    rule: 'domain/ imports nothing of its service outside of domain/',
    plant: { [domain]: "import '../app.ts';" },
    says: pure,
  },
  {
    rule: 'domain/ imports no values of contracts',
    plant: {
      [domain]: "import { orderPlaced } from '@emporium/contracts';\n\nexport const name = orderPlaced.name;",
    },
    says: 'types from contracts, and no values',
  },
  {
    rule: 'domain/ passes on no values of contracts',
    plant: { [domain]: "export { orderPlaced } from '@emporium/contracts';" },
    says: 'types from contracts, and no values',
  },
  {
    rule: 'domain/ loads nothing at run time',
    plant: { [domain]: "export const load = () => import('@emporium/contracts');" },
    says: 'loads nothing at run time',
  },
  {
    rule: 'domain/ reads no clock',
    plant: { [domain]: 'export const now = () => new Date();' },
    says: 'no clock and no randomness',
  },
  {
    rule: 'domain/ has no randomness',
    plant: { [domain]: 'export const id = () => crypto.randomUUID();' },
    says: 'no randomness',
  },
  {
    rule: 'nothing imports main.ts',
    plant: { 'services/order/src/planted.ts': "import './main.ts';" },
    says: notMain,
  },
  {
    rule: 'no test imports main.ts, not even lazily',
    plant: { 'services/order/src/planted.spec.ts': "export const start = () => import('./main.ts');" },
    says: notMain,
  },
  {
    rule: 'no modules import each other in a circle',
    plant: {
      'packages/saga/src/planted.ts': "export { b as a } from './planted-too.ts';",
      'packages/saga/src/planted-too.ts': "export { a as b } from './planted.ts';",
    },
    says: 'noImportCycles',
  },
  {
    rule: 'a package imports what its package.json names',
    plant: { 'packages/saga/src/planted.ts': "import 'pino';" },
    says: 'cannot import package `pino`',
  },
  {
    rule: 'what runs in production imports no development dependency',
    plant: { 'packages/store/src/planted.ts': "import '@emporium/servers';" },
    says: 'noUndeclaredDependencies',
    check: 'lint',
  },
];

interface PackageViolation extends Omit<Violation, 'check'> {
  /** What the check must name. */
  names: string;
}

/** Violations of a whole package: each is planted alone, since a package that turbo refuses hides the others. */
const packageViolations: PackageViolation[] = [
  {
    rule: 'a service does not depend on a service',
    plant: {
      'services/planted/package.json': manifest({ '@emporium/order': 'workspace:*' }),
      'services/planted/turbo.json': '{ "extends": ["//"], "tags": ["service"] }',
    },
    names: '`@emporium/planted`',
    says: 'found with tag listed in denylist',
  },
  {
    rule: 'every package has a tag, so that boundaries knows its rules',
    plant: { 'services/planted/package.json': manifest({}) },
    names: 'services/planted/turbo.json',
    says: 'must give the package one tag',
  },
];

/** What the rules allow must stay allowed, or people would switch them off. */
const allowed: Record<string, string> = {
  'packages/contracts/src/planted.ts': "import { z } from 'zod';\n\nexport const id = z.uuid();",
  'packages/bus/src/planted.ts': "import 'node:timers/promises';\nimport '@emporium/contracts';",
  'packages/bus-postgres/src/planted.ts': "import '@emporium/bus';\nimport 'pg';",
  'packages/bus-rabbitmq/src/planted.ts': "import 'node:fs';\nimport 'amqplib';",
  'packages/bus-redis/src/planted.ts': "import 'node:fs';\nimport 'ioredis';",
  'packages/saga/src/planted.ts': "import '@emporium/store';",
  'services/order/src/planted.ts':
    "import '@emporium/contracts';\nimport '@emporium/saga';\nimport './app.ts';",
  [domain]:
    "// Why this is here.\nimport type { Event } from '@emporium/contracts';\nimport './order.ts';\n\nexport type { Event };",
  'services/bridge/src/rabbitmq/planted.ts': "import 'amqplib';\nimport '@emporium/bus';",
  'services/bridge/src/celery/planted.ts': "import 'ioredis';\nimport '@emporium/store';",
  'services/order/src/domain/planted.spec.ts':
    "import { orderPlaced } from '@emporium/contracts';\nimport { test } from 'vitest';\n\ntest(orderPlaced.name, () => {});",
};

function manifest(dependencies: Record<string, string>): string {
  return JSON.stringify({ name: '@emporium/planted', version: '0.0.0', type: 'module', dependencies });
}

let planting: Planting;
// It copies the sources, which takes a while on a busy machine.
beforeAll(() => {
  planting = createPlanting();
}, 60_000);
afterAll(() => planting.remove());

/** Each in files of its own. */
const planted = violations.map((violation, index) => {
  const number = (text: string) => text.replaceAll(/\bplanted\b/g, `planted-${index}`);
  const plant = Object.fromEntries(
    Object.entries(violation.plant).map(([path, source]) => [number(path), number(source)]),
  );
  return { check: 'imports' as const, ...violation, plant, file: Object.keys(plant)[0] ?? '' };
});

/** What a tool says of one place: Biome begins with the place, turbo with what is wrong. */
const complaints = (output: string): string[] => {
  const [biome = '', others = ''] = output.split('(biome ended with 1)');
  return [...biome.split(/^(?=\S+:\d+:\d+ )/m), ...others.split(/^(?=\s*[×x] )/m)];
};

describe('the check of the import rules', { timeout: 180_000 }, () => {
  test('passes on the tree as it is', async () => {
    const { code, output } = await planting.check('imports');
    expect(output).toMatch(/^pass {2}imports/m);
    expect(code).toBe(0);
  });

  test('passes on what the rules allow', () =>
    planting.withPlanted(allowed, async () => {
      const { output } = await planting.check('imports');
      expect(output).toMatch(/^pass {2}imports/m);
    }));

  describe.each(['imports', 'lint'] as const)('in the check %s', (check) => {
    const here = planted.filter((each) => each.check === check);
    let reported: string[];

    beforeAll(
      () =>
        planting.withPlanted(Object.assign({}, ...here.map(({ plant }) => plant)), async () => {
          const { code, output } = await planting.check(check);
          expect(code).toBe(1);
          reported = complaints(output);
        }),
      180_000,
    );

    test.each(here)('fails when broken: $rule', ({ file, says }) => {
      const ofFile = reported.filter((each) => each.includes(file));
      expect(ofFile.filter((each) => each.includes(says))).not.toEqual([]);
    });
  });

  test.each(packageViolations)('fails when broken: $rule', ({ plant, names, says }) =>
    planting.withPlanted(plant, async () => {
      const { code, output } = await planting.check('imports');
      expect(code).toBe(1);
      expect(output).toContain(says);
      expect(output).toContain(names);
    }),
  );
});
