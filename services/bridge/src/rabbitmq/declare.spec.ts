import { expect, test } from 'vitest';
import { explain } from './declare.ts';

test('a broker that refuses the queue is explained with the setting that permits it', () => {
  // RabbitMQ 4.0 with the permission withdrawn, which is the default of 4.3.
  const refusal = new Error(
    'Connection closed: 541 (INTERNAL-ERROR) with message "INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated. Its use is not permitted per the configuration"',
  );
  expect(explain(refusal)).toMatch(
    /541.*; permit it with this line of rabbitmq\.conf: deprecated_features\.permit\.transient_nonexcl_queues = true$/,
  );
});

test('any other reason is what the broker says', () =>
  expect(explain(new Error('connect ECONNREFUSED 127.0.0.1:5672'))).toBe(
    'connect ECONNREFUSED 127.0.0.1:5672',
  ));
