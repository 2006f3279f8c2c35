import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

test('without options everything is measured', () => {
  expect(readOptions([])).toEqual({
    parts: [
      'transport',
      'pipeline',
      'tasks',
      'sensors',
      'history',
      'bridge',
      'replay',
      'shop',
      'memory',
      'telemetry',
    ],
    brokers: ['rabbitmq', 'postgres', 'kafka', 'redis'],
  });
});

test('one part and one broker can be chosen', () => {
  expect(readOptions(['--only', 'shop', '--broker=postgres'])).toEqual({
    parts: ['shop'],
    brokers: ['postgres'],
  });
});

test.each([
  [
    ['--only', 'relay'],
    "--only: must be one of transport, pipeline, tasks, sensors, history, bridge, replay, shop, memory, telemetry, is 'relay'",
  ],
  [['--broker', 'nats'], "--broker: must be one of rabbitmq, postgres, kafka, redis, is 'nats'"],
  [['--fast'], '--fast'],
])('%j is refused by name', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});
