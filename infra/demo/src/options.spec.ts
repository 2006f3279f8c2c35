import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

const read = (args: readonly string[], env: NodeJS.ProcessEnv = {}, dotEnv: NodeJS.ProcessEnv = {}) =>
  readOptions(args, { env, dotEnv, root: '/shop' });

test('by default it stays up, on 8080, with the embedded broker, and keeps its data in .data', () =>
  expect(read([])).toEqual({
    exit: false,
    restart: true,
    port: 8_080,
    busUrl: undefined,
    tasksUrl: undefined,
    streamUrl: undefined,
    dataDir: '/shop/.data',
  }));

test('--exit, PORT, BUS_URL, STREAM_URL, TASKS_URL and DATA_DIR are taken', () => {
  const env = {
    PORT: '9000',
    BUS_URL: 'amqp://here',
    STREAM_URL: 'postgres://here',
    TASKS_URL: 'redis://here',
    DATA_DIR: '/there',
  };
  expect(read(['--exit', '--no-restart'], env)).toEqual({
    exit: true,
    restart: false,
    port: 9_000,
    busUrl: 'amqp://here',
    streamUrl: 'postgres://here',
    tasksUrl: 'redis://here',
    dataDir: '/there',
  });
});

test.each(['amqp://here', ''])('the TASKS_URL %j is refused by name', (url) =>
  expect(() => read([], { TASKS_URL: url })).toThrow(/^TASKS_URL: /),
);

test.each(['http', '0', '65536', '80.5', '-1', ' '])('the PORT %j is refused by name', (port) =>
  expect(() => read([], { PORT: port })).toThrow(/^PORT: /),
);

test.each(['rabbit', 'http://localhost', ''])('the BUS_URL %j is refused by name', (url) =>
  expect(() => read([], { BUS_URL: url })).toThrow(/^BUS_URL: /),
);

test('--no-restart is refused for a shop that runs elsewhere', () =>
  expect(() => read(['--no-restart', '--url', 'http://127.0.0.1:8080'])).toThrow(/^--no-restart: /));

test('an option that there is not is refused by name', () =>
  expect(() => read(['--exot'])).toThrow("'--exot'"));

const here = 'http://127.0.0.1:8080';

test('--url names a shop that runs, with the administrator of docker-compose.yml', () =>
  expect(read(['--url', here])).toEqual({
    url: here,
    admin: { email: 'admin@emporium.example', password: 'development-only' },
  }));

test('the environment names another administrator, and .env does for a shop on this machine', () => {
  const dotEnv = { ADMIN_EMAIL: 'boss@shop.example', ADMIN_PASSWORD: 'of .env' };
  const admin = (url: string, env: NodeJS.ProcessEnv = {}) => {
    const options = read(['--url', url], env, dotEnv);
    return options.url === undefined ? undefined : options.admin;
  };
  expect(admin(here)).toEqual({ email: 'boss@shop.example', password: 'of .env' });
  expect(admin(here, { ADMIN_PASSWORD: 'of the shell' })).toMatchObject({ password: 'of the shell' });
  expect(admin('https://shop.example')).toMatchObject({ password: 'development-only' });
});

test.each(['127.0.0.1:8080', 'ftp://here', ''])('the --url %j is refused by name', (url) =>
  expect(() => read(['--url', url])).toThrow(/^--url: /),
);
