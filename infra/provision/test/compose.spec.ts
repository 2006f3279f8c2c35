import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { shop } from '@emporium/contracts';
import { nodeEnvironment, nodeOptions, services as processes } from '@emporium/launcher';
import { images } from '@emporium/servers';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8');

const text = read('docker-compose.yml');
const { services, include } = z
  .object({
    include: z.array(z.string()),
    services: z.record(
      z.string(),
      z.object({
        image: z.string(),
        command: z.array(z.string()).optional(),
        environment: z.record(z.string(), z.string()).default({}),
        profiles: z.array(z.string()).default([]),
        ports: z.array(z.string()).default([]),
        restart: z.string(),
        mem_limit: z.string(),
        cap_drop: z.tuple([z.literal('ALL')]),
        security_opt: z.tuple([z.literal('no-new-privileges:true')]),
        read_only: z.boolean().default(false),
        healthcheck: z.object({ disable: z.boolean().default(false) }).optional(),
        networks: z.array(z.string()).default(['default']),
        depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
      }),
    ),
  })
  .parse(parse(text, { merge: true, maxAliasCount: -1 })); // our own file: its aliases grow with the shop

const environmentOf = (name: string): readonly string[] => Object.keys(services[name]?.environment ?? {});

const secrets = {
  jwtPublicKey: 'public',
  jwtPrivateKey: 'private',
  adminEmail: 'admin@shop.example',
  adminPassword: 'a',
  databasePassword: 'b',
  paymentApiKey: 'c',
  carrierApiKey: 'd',
  carrierWebhookSecret: 'e',
};

/** Ways in for third parties, which need servers that the launcher does not start. */
const onlyInContainers: Readonly<Record<string, readonly string[]>> = {
  bridge: [
    'BRIDGE_AMQP_URL',
    'BRIDGE_WAREHOUSE_URL',
    'BRIDGE_MQTT_URL',
    'BRIDGE_MQTT_CLIENT_ID',
    'BRIDGE_CELERY_URL',
  ],
};

const launched = processes.map(({ name, part, database, stream = false, env }) => {
  const own = env({
    secrets,
    port: () => 8080,
    smtpPort: 2525,
    gatewayMetricsPort: 9464,
    tasksUrl: 'redis://tasks',
    address: (of) => `http://${of}`,
    file: (of) => of,
  });
  const servers = [
    ...(database || part !== undefined ? ['DATABASE_URL'] : []),
    ...(database ? ['BUS_URL'] : []),
    ...(stream ? ['STREAM_URL'] : []),
  ];
  return { name, variables: [...Object.keys(own), ...servers, ...(onlyInContainers[name] ?? [])] };
});

test.each(launched)('$name is a container with its environment variables', ({ name, variables }) => {
  expect(services[name]?.command).toEqual([name]);
  const traced = [
    'SPANS_URL',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_TRACES_SAMPLER',
    'OTEL_TRACES_SAMPLER_ARG',
  ];
  const common = ['LOG_LEVEL', 'JWT_PUBLIC_KEY', ...traced];
  expect(environmentOf(name).toSorted()).toEqual([...common, ...variables].toSorted());
});

test('a process in a container has the Node options of the launcher', () => {
  const script = read('infra/docker/start.sh');
  expect(script).toContain(`exec node ${nodeOptions.join(' ')} "$main"`);
  for (const [name, value] of Object.entries(nodeEnvironment))
    expect(script).toContain(`export ${name}=${value}\n`);
});

const parties = new Set([
  ...shop.contracts.flatMap(({ owner, senders }) => [owner, ...senders]),
  ...shop.subscriptions.map(({ service }) => service),
]);

test.each([...parties])(
  '%s starts after the job that gives it access, and that job knows its password',
  (name) => {
    expect(services[name]?.depends_on).toEqual({
      provision: { condition: 'service_completed_successfully' },
    });
    expect(environmentOf('provision')).toContain(`${name.toUpperCase().replaceAll('-', '_')}_PASSWORD`);
  },
);

test.each(processes.map(({ name }) => name).filter((name) => name !== 'gateway'))(
  'the gateway starts after %s',
  (name) => expect(services['gateway']?.depends_on[name]).toEqual({ condition: 'service_healthy' }),
);

test.each(processes.flatMap(({ part }) => part ?? []))('a container can run $main of $service', (part) =>
  expect(read('infra/docker/start.sh')).toContain(`main=services/${part.service}/${part.main} ;;`),
);

test.each(Object.entries(services))(
  '%s has a memory limit, and is reachable only from this machine',
  (name, service) => {
    expect(service.mem_limit).toMatch(/^\d+m$/);
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(service.restart).toBe(name === 'provision' ? 'no' : 'unless-stopped');
    // The image of the services has a health check, which does not apply to a job.
    const isOurs = service.command?.[0] === name;
    expect(service.healthcheck?.disable ?? (isOurs ? false : undefined)).toBe(name === 'provision');
    // The images of these two write their configuration.
    expect(service.read_only).toBe(!['rabbitmq', 'kafka'].includes(name));
  },
);

test('only the gateway, the open stream and the servers that third parties write to publish a port', () => {
  const published = Object.entries(services).filter(
    ([, { ports, profiles }]) => ports.length > 0 && profiles.length === 0,
  );
  expect(published.map(([name]) => name).toSorted()).toEqual(['gateway', 'kafka', 'rabbitmq', 'redis']);
});

test('only the processes that use a stream can reach Kafka', () => {
  const reaching = Object.entries(services).filter(([, { networks }]) => networks.includes('stream'));
  const ofStreams = processes.filter(({ stream }) => stream).map(({ name }) => name);
  expect(reaching.map(([name]) => name).toSorted()).toEqual(['kafka', 'provision', ...ofStreams].toSorted());
});

test('the servers are those of the tests', () => {
  const used = Object.keys(images).map((kind) => services[kind]?.image);
  expect(used).toEqual(Object.values(images));
});

test('.env.example has every variable with its default value', () => {
  const all = [text, ...include.map(read)].join('\n');
  const defaults = new Map(
    [...all.matchAll(/\$\{(\w+):-([^}]*)\}/g)].map(([, name = '', value = '']) => [name, value]),
  );
  const differing = [...all.matchAll(/\$\{(\w+):-([^}]*)\}/g)].filter(
    ([, name = '', value]) => defaults.get(name) !== value,
  );
  expect(differing).toEqual([]);
  defaults.delete('EMPORIUM_IMAGE');
  defaults.delete('COMPOSE_PROJECT_NAME'); // Compose sets it
  expect(parseEnv(read('.env.example'))).toEqual(Object.fromEntries(defaults));
  expect(all.match(/\$\{\w+\}/g), 'a variable without a default').toBeNull();
});
