import { expect, test } from 'vitest';
import { matchesTopic, topicFilter } from './topic-filter.ts';

test.each([
  ['sensor_data/#', 'sensor_data', true],
  ['sensor_data/#', 'sensor_data/7/now', true],
  ['sensor_data/#', 'sensor_database', false],
  ['sensors/+/data', 'sensors/7/data', true],
  ['sensors/+/data', 'sensors/7', false],
  ['+', 'sensor_data', true],
  ['+/+', 'sensor_data', false],
  ['#', 'dead-letters/sensor_data', true],
  ['sensor_data', 'sensor_data', true],
])('%s matches %s: %s', (filter, topic, matches) => {
  expect(matchesTopic(filter, topic)).toBe(matches);
});

test.each(['#', '+/sensor_data', 'dead-letters/#', '+/+', '+/#'])(
  '%s is refused: it would receive our dead letters',
  (filter) => expect(topicFilter.safeParse(filter).success).toBe(false),
);

test.each(['', 'sensor#', '#/data', 'a+/b', 'a\0', 'x'.repeat(1_001)])('%j is no topic filter', (filter) =>
  expect(topicFilter.safeParse(filter).success).toBe(false),
);
