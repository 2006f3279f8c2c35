import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

const read = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => readOptions(args, env, '/shop');

test('by default it stays up, on 8080, with the embedded broker, and keeps its data in .data', () =>
  expect(read([])).toEqual({
    exit: false,
    port: 8_080,
    busUrl: undefined,
    tasksUrl: undefined,
    dataDir: '/shop/.data',
  }));

test('--exit, PORT, BUS_URL, TASKS_URL and DATA_DIR are taken', () => {
  const env = { PORT: '9000', BUS_URL: 'amqp://here', TASKS_URL: 'redis://here', DATA_DIR: '/there' };
  expect(read(['--exit'], env)).toEqual({
    exit: true,
    port: 9_000,
    busUrl: 'amqp://here',
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

test('an option that there is not is refused by name', () =>
  expect(() => read(['--exot'])).toThrow("'--exot'"));
