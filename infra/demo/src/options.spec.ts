import { describe, expect, test } from 'vitest';
import { readOptions } from './options.ts';

const read = (args: readonly string[], env: NodeJS.ProcessEnv = {}, dotEnv: NodeJS.ProcessEnv = {}) =>
  readOptions(args, { env, dotEnv, root: '/shop' });

test('by default it keeps running on port 8080 with the embedded broker, and stores its data in .data', () =>
  expect(read([])).toEqual({
    exit: false,
    restart: true,
    port: 8_080,
    busUrl: undefined,
    tasksUrl: undefined,
    streamUrl: undefined,
    dataDir: '/shop/.data',
    bridge: {},
  }));

test('reads --exit, --no-restart, PORT, BUS_URL, STREAM_URL, TASKS_URL, DATA_DIR and those of the bridge', () => {
  const env = {
    PORT: '9000',
    BUS_URL: 'amqp://here',
    STREAM_URL: 'postgres://here',
    TASKS_URL: 'redis://here',
    DATA_DIR: '/there',
    BRIDGE_AMQP_URL: 'amqp://third-parties',
  };
  expect(read(['--exit', '--no-restart'], env)).toEqual({
    exit: true,
    restart: false,
    port: 9_000,
    busUrl: 'amqp://here',
    streamUrl: 'postgres://here',
    tasksUrl: 'redis://here',
    dataDir: '/there',
    bridge: { BRIDGE_AMQP_URL: 'amqp://third-parties' },
  });
});

test.each(['amqp://here', ''])('the TASKS_URL %j is an error that names it', (url) =>
  expect(() => read([], { TASKS_URL: url })).toThrow(/^TASKS_URL: /),
);

test.each(['http', '0', '65536', '80.5', '-1', ' '])('the PORT %j is an error that names it', (port) =>
  expect(() => read([], { PORT: port })).toThrow(/^PORT: /),
);

test.each(['rabbit', 'http://localhost', ''])('the BUS_URL %j is an error that names it', (url) =>
  expect(() => read([], { BUS_URL: url })).toThrow(/^BUS_URL: /),
);

test('--no-restart cannot be combined with --url', () =>
  expect(() => read(['--no-restart', '--url', 'http://127.0.0.1:8080'])).toThrow(/^--no-restart: /));

test('an unknown option is an error that names it', () => expect(() => read(['--exot'])).toThrow("'--exot'"));

const here = 'http://127.0.0.1:8080';

test('--url selects a running shop, with the administrator and the third party of docker-compose.yml', () =>
  expect(read(['--url', here])).toEqual({
    url: here,
    admin: { email: 'admin@emporium.example', password: 'development-only' },
    thirdParties: {
      url: 'amqp://third-party:development-only-third-party@127.0.0.1:5672/third-parties',
      isGiven: false,
    },
    observability: [
      ['dashboards', 'http://127.0.0.1:3000'],
      ['metrics', 'http://127.0.0.1:9090'],
      ['alerts', 'http://127.0.0.1:9093'],
      ['traces', 'http://127.0.0.1:16686'],
      ['log lines', 'http://127.0.0.1:5601'],
    ],
  }));

test('the pages of the profile observability have the ports of .env; those of another shop are not known', () => {
  const pagesOf = (url: string, dotEnv: NodeJS.ProcessEnv = {}) => {
    const options = read(['--url', url], {}, dotEnv);
    return options.url === undefined ? undefined : options.observability;
  };
  expect(pagesOf(here, { GRAFANA_PORT: '3001' })).toContainEqual(['dashboards', 'http://127.0.0.1:3001']);
  expect(pagesOf('http://127.0.0.1:9000')).toEqual([]);
  expect(pagesOf('https://shop.example', { GRAFANA_PORT: '3001' })).toEqual([]);
});

test('the administrator is read from the environment, and for a shop on this machine also from .env', () => {
  const dotEnv = { ADMIN_EMAIL: 'boss@shop.example', ADMIN_PASSWORD: 'of .env' };
  const admin = (url: string, env: NodeJS.ProcessEnv = {}) => {
    const options = read(['--url', url], env, dotEnv);
    return options.url === undefined ? undefined : options.admin;
  };
  expect(admin(here)).toEqual({ email: 'boss@shop.example', password: 'of .env' });
  expect(admin(here, { ADMIN_PASSWORD: 'of the shell' })).toMatchObject({ password: 'of the shell' });
  expect(admin('https://shop.example')).toMatchObject({ password: 'development-only' });
});

describe('the broker of third parties', () => {
  const brokerOf = (url: string, env: NodeJS.ProcessEnv = {}, dotEnv: NodeJS.ProcessEnv = {}) => {
    const options = read(['--url', url], env, dotEnv);
    return options.url === undefined ? undefined : options.thirdParties;
  };
  const given = 'amqp://somebody:a@rabbitmq.example/theirs';

  test('is that of the shop in containers, with the password and the ports of the environment or of .env', () => {
    const dotEnv = { GATEWAY_PORT: '8081', RABBITMQ_PORT: '5673', THIRD_PARTY_PASSWORD: 'of .env' };
    const url = 'amqp://third-party:of%20.env@127.0.0.1:5673/third-parties';
    expect(brokerOf('http://127.0.0.1:8081', {}, dotEnv)).toEqual({ url, isGiven: false });
  });

  test('is BRIDGE_AMQP_URL, if that is set', () => {
    expect(brokerOf(here, { BRIDGE_AMQP_URL: given })).toEqual({ url: given, isGiven: true });
    expect(brokerOf('https://shop.example', { BRIDGE_AMQP_URL: given })).toEqual({
      url: given,
      isGiven: true,
    });
    expect(() => brokerOf(here, { BRIDGE_AMQP_URL: 'redis://here' })).toThrow(/^BRIDGE_AMQP_URL: /);
  });

  test.each(['http://127.0.0.1:9000', 'https://shop.example'])('of %s is not known', (url) =>
    expect(brokerOf(url)).toBeUndefined(),
  );
});

test.each(['127.0.0.1:8080', 'ftp://here', ''])('the --url %j is an error that names it', (url) =>
  expect(() => read(['--url', url])).toThrow(/^--url: /),
);
