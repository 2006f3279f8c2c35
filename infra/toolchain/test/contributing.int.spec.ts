import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort, freshDatabase, serverFor } from '@emporium/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../src/run.ts';
import { type Addition, type Files, filesOf, sections } from './contributing.ts';
import { createPlanting, type Planting } from './planting.ts';

const newService = (planting: Planting, ...args: readonly string[]) =>
  planting.run('node', 'infra/toolchain/src/new.ts', ...args, '--no-install');

const postgres = await serverFor('postgres');

const nowhere = {
  PORT: '0',
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
  BUS_URL: 'postgres://nobody@127.0.0.1:1/nothing',
  JWT_PUBLIC_KEY: 'MCowBQYDK2VwAyEAcdWngcs5XZtsBNwNlBJm60Big7aV+m6IebkJ/y0rYpo=',
};

/** What can name a piece that is missing, on a tree with these files in it. */
const checks = {
  'the tests of the lists': ({ run }: Planting) =>
    run(
      'vitest',
      ...['run', '--project', 'unit', '--no-color'],
      'infra/launcher/src/services.spec.ts',
      'infra/observability/test/prometheus-config.spec.ts',
      'infra/provision/test/compose.spec.ts',
      'packages/contracts/test/events-document.spec.ts',
      'packages/service/src/transport.spec.ts',
      'services/gateway/src/addresses.spec.ts',
    ),
  'the compiler': ({ run, withPlanted }: Planting, files: Files) => {
    const sources = Object.keys(files).filter((file) => file.endsWith('.ts'));
    const config = { extends: './tsconfig.json', include: [], files: sources };
    return withPlanted({ 'tsconfig.planted.json': JSON.stringify(config) }, () =>
      run('tsc', '--pretty', 'false', '-p', 'tsconfig.planted.json'),
    );
  },
  'the check of the tags': ({ run }: Planting) => run('node', 'infra/toolchain/src/tags.ts'),
  'the check of the contracts': ({ run }: Planting) =>
    run('node', 'packages/contracts/scripts/compatibility.ts'),
  'the start of the service': ({ run }: Planting, files: Files) => {
    const main =
      Object.keys(files).find((file) => file.endsWith('/src/main.ts')) ?? 'services/order/src/main.ts';
    return run('env', ...assignments(nowhere), 'node', main);
  },
} as const;
type Check = keyof typeof checks;

interface Omission extends Required<Addition> {
  readonly named: Check;
  /** What it says. */
  readonly says: RegExp;
}

const event = { section: 'Add an event' } as const;
const service = { section: 'Add a service' } as const;
const broker = { section: 'Add a broker' } as const;
const lists = { named: 'the tests of the lists' } as const;
const compose = (lines: RegExp) => ({ file: 'docker-compose.yml', lines });

/** Each piece once, but for the reaction, which the handler's own tests check. Those that one check names are left out in one tree, under names of their own. */
const omissions: readonly Omission[] = [
  {
    ...{ ...event, suffix: 'a', named: 'the compiler', without: { file: 'packages/contracts/src/index.ts' } },
    says: /shipment-returneda\.ts\S+ error TS2724|shipment-returneda\.ts\S+ error TS2305/,
  },
  {
    ...{ ...event, suffix: 'b', without: { file: 'packages/contracts/src/subscriptions.ts' } },
    ...{
      named: 'the start of the service',
      says: /order\.returnsb: it reacts to shipment\.returnedb, but there is no such subscription/,
    },
  },
  {
    ...{ ...event, suffix: 'c', without: { file: 'services/order/src/app.ts' } },
    ...{ named: 'the start of the service', says: /order\.returnsc has no handlers/ },
  },
  {
    ...{ ...event, suffix: 'd', without: { file: 'packages/contracts/schemas' } },
    ...{ named: 'the check of the contracts', says: /shipment\.returnedd.*run npm run schemas/ },
  },
  { ...event, suffix: 'e', ...lists, without: { file: 'docs/events.md' }, says: /shipment\.returnede/ },
  {
    ...{
      ...service,
      suffix: 'a',
      named: 'the compiler',
      without: { file: 'packages/contracts/src/define.ts' },
    },
    says: /services\/pointsa\/src\/app\.ts\S+ error TS2345/,
  },
  {
    ...{ ...service, suffix: 'b', without: { file: 'packages/contracts/src/subscriptions.ts' } },
    ...{
      named: 'the start of the service',
      says: /pointsb has handlers for pointsb\.orders, .* packages\/contracts\/src\/subscriptions\.ts/,
    },
  },
  {
    ...{ ...service, suffix: 'c', without: { file: 'services/points/turbo.json' } },
    ...{
      named: 'the check of the tags',
      says: /services\/pointsc\/turbo\.json must give the package one tag/,
    },
  },
  {
    ...{ ...service, suffix: 'd', ...lists, without: { file: 'infra/launcher/src/services.ts' } },
    says: /FAIL .*pointsd, which contracts may name, is a process/,
  },
  {
    ...{ ...service, suffix: 'e', ...lists, without: { file: 'services/gateway/src/addresses.ts' } },
    says: /pointse has no line in services\/gateway\/src\/addresses\.ts/,
  },
  {
    ...{ ...service, suffix: 'f', ...lists, without: { file: 'docker-compose.yml' } },
    says: /FAIL .*pointsf is a container/,
  },
  {
    ...{ ...service, suffix: 'g', ...lists, without: compose(/^ +POINTSG_PASSWORD: /) },
    says: /FAIL .*pointsg starts after the job that gives it access/,
  },
  {
    ...{ ...service, suffix: 'h', ...lists, without: compose(/POINTSH_URL/) },
    says: /^\s*-\s+"POINTSH_URL"/m,
  },
  {
    ...{ ...service, suffix: 'i', ...lists, without: compose(/service_healthy/) },
    says: /FAIL .*the gateway starts after pointsi/,
  },
  {
    ...{ ...service, suffix: 'k', ...lists },
    ...{ without: { file: 'infra/observability/prometheus/prometheus.yml' } },
    says: /FAIL .*Prometheus scrapes pointsk/,
  },
  {
    ...{ ...service, suffix: 'j', ...lists, without: { file: '.env.example' } },
    says: /^\s*-\s+"POINTSJ_PASSWORD"/m,
  },
  {
    ...{ ...broker, suffix: 'a', ...lists, without: { file: 'packages/service/src/transport.ts' } },
    says: /transport\.ts does not load @emporium\/bus-natsa/,
  },
  {
    ...{ ...broker, suffix: 'b', ...lists, without: { file: 'README.md' } },
    says: /README\.md has no row for packages\/bus-natsb/,
  },
  {
    ...{
      ...broker,
      suffix: 'c',
      ...lists,
      without: { file: 'packages/bus-nats/test/conformance.int.spec.ts' },
    },
    says: /packages\/bus-natsc\/test\/conformance\.int\.spec\.ts is missing/,
  },
  {
    ...{ ...broker, suffix: 'd', named: 'the compiler', without: { file: 'packages/service/package.json' } },
    says: /transport\.ts\S+ error TS2307: Cannot find module '@emporium\/bus-natsd'/,
  },
];

/** A start ends with the first thing that is wrong: each has a tree of its own. */
const trees = Map.groupBy(omissions, ({ named, suffix, section }) =>
  named === 'the start of the service' ? `${named}: ${section} ${suffix}` : named,
);

describe('CONTRIBUTING, with every step carried out on a copy of the repository', {
  timeout: 120_000,
}, () => {
  let planting: Planting;
  let files: Files;
  let made: RunResult;
  beforeAll(async () => {
    planting = createPlanting({ linked: true });
    const additions = sections.map((section) => ({ section }));
    files = await filesOf(additions, planting);
    made = await newService(planting, 'service', 'points');
    planting.plant(files); // the service a second time: this links its dependencies
    await planting.run('biome', 'format', '--write', 'packages/bus-nats');
    await planting.run('node', 'packages/contracts/scripts/compatibility.ts', '--write');
    await planting.run('node', 'packages/contracts/scripts/events-document.ts');
  });
  afterAll(() => planting.remove());

  test.each([
    'the tests of the lists',
    'the compiler',
    'the check of the tags',
    'the check of the contracts',
  ] as const)('satisfies %s', async (check) => succeeds(await checks[check](planting, files)));

  test('satisfies Biome', async () =>
    succeeds(await planting.run('biome', 'check', '--error-on-warnings', ...Object.keys(files))));

  test('satisfies the import rules between packages', async () =>
    succeeds(await planting.run('turbo', 'boundaries')));

  test('npm run new writes the service, changes the lists, and says what to do next', () => {
    expect(made).toMatchObject({ code: 0 });
    const service = Object.keys(files).filter((file) => file.startsWith('services/points/'));
    for (const file of service) expect(made.output).toContain(`wrote   ${file}\n`);
    for (const file of ['docker-compose.yml', '.env.example', 'packages/contracts/src/define.ts'])
      expect(made.output).toContain(`changed ${file}\n`);
    expect(made.output).not.toContain('was not found');
  });

  test.each([
    [['service', 'points'], /there already is a package named points/],
    [['service', 'order'], /there already is a package named order/],
    [['service', 'rabbitmq'], /docker-compose\.yml already has a container named rabbitmq/],
    [['service', 'products'], /the address \/api\/products belongs to another service/],
    [['service', 'bus'], /bus is|package named bus/],
    [['service', 'Points'], /'Points' is not kebab-case/],
    [['service', 'gift--cards'], /is not kebab-case/],
    [['service', '../points'], /is not kebab-case/],
    [['service'], /usage: npm run new -- service <name>/],
    [['service', 'one', 'two'], /usage/],
    [['event', 'points'], /usage/],
  ])('npm run new -- %j is refused, and changes nothing', async (args, reason) => {
    const before = await planting.run('sh', '-c', 'find services packages infra *.yml -type f | xargs cksum');
    const { code, output } = await newService(planting, ...args);
    expect(code).not.toBe(0);
    expect(output).toMatch(reason);
    expect(output).not.toMatch(/\n\s+at /);
    const after = await planting.run('sh', '-c', 'find services packages infra *.yml -type f | xargs cksum');
    expect(after.output).toBe(before.output);
  });

  test("a URL of the new broker's scheme opens its transport", async () => {
    const script = [
      "import { createTransport } from './packages/service/src/transport.ts';",
      "const transport = await createTransport({ url: 'nats://here', service: 'test', log: console });",
      'console.log(transport.name, transport.status().state);',
      'await transport.close();',
    ];
    const { output } = await planting.run('node', '--input-type=module', '-e', script.join('\n'));
    expect(output).toMatch(/^nats up$/m);
  });

  test.skipIf(!postgres.available)(postgres.title("the new service's own test passes"), async () => {
    const suite = 'services/points/test/order-completed.int.spec.ts';
    const args = ['vitest', 'run', '--project', 'integration', '--no-color', suite];
    succeeds(await planting.run('env', `POSTGRES_URL=${postgres.url}`, ...args));
  });

  test.skipIf(!postgres.available)(
    postgres.title('the new service starts on a database and the embedded broker, and answers'),
    async () => {
      const port = await freePort();
      const [database, broker] = [await freshDatabase(postgres.url), await freshDatabase(postgres.url)];
      const environment = {
        ...nowhere,
        PORT: String(port),
        DATABASE_URL: database.url,
        BUS_URL: broker.url,
      };
      const topology = await planting.run(
        'env',
        ...assignments(environment),
        'node',
        'infra/launcher/src/topology.ts',
        'apply',
      );
      expect(topology.output).toContain('points.orders');
      const child = spawn('node', ['services/points/src/main.ts'], {
        cwd: planting.tree,
        env: { ...process.env, ...environment },
        stdio: 'ignore',
      });
      try {
        await expect
          .poll(() => statusOf(`http://127.0.0.1:${port}/health/ready`), { timeout: 30_000 })
          .toBe(200);
        expect(await statusOf(`http://127.0.0.1:${port}/api/points`)).toBe(401);
      } finally {
        child.kill('SIGTERM');
        await once(child, 'exit');
        await Promise.all([database.drop(), broker.drop()]);
      }
    },
  );
});

describe('CONTRIBUTING, with a piece left out', { timeout: 120_000 }, () => {
  let planting: Planting;
  beforeAll(() => {
    planting = createPlanting({ linked: true });
  });
  afterAll(() => planting.remove());

  describe.each([...trees].map(([tree, left]) => ({ tree, left })))('$tree', ({ left }) => {
    let result: RunResult;
    beforeAll(async () => {
      const files = await filesOf(left, planting);
      const [first] = left;
      if (first === undefined) return;
      result = await planting.withPlanted(files, () => checks[first.named](planting, files));
    });

    test.each(left)('names $without.file, left out of "$section"', ({ says }) => {
      expect(result.code).not.toBe(0);
      expect(result.output).toMatch(says);
    });
  });
});

const succeeds = (result: RunResult): void => expect(result).toEqual({ ...result, code: 0 });

const assignments = (environment: Record<string, string>): readonly string[] =>
  Object.entries(environment).map(([name, value]) => `${name}=${value}`);

/** 0 where nobody listens. */
const statusOf = async (url: string): Promise<number> => {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
};
