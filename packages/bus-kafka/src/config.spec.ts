import { expect, test } from 'vitest';
import { parseOptions } from './config.ts';

test('a url names brokers, credentials and replicas', () => {
  const url =
    'kafka://shop:se%40cret@one:9093?brokers=two:9093,three:9094&tls=true&sasl=scram-sha-512&replicas=3';
  expect(parseOptions({ url })).toMatchObject({
    brokers: ['one:9093', 'two:9093', 'three:9094'],
    tls: true,
    sasl: { mechanism: 'scram-sha-512', username: 'shop', password: 'se@cret' },
    replicas: 3,
  });
});

test('a host alone is enough', () => {
  expect(parseOptions({ url: 'kafka://localhost' })).toMatchObject({
    brokers: ['localhost:9092'],
    tls: false,
    sasl: undefined,
    replicas: -1,
  });
});

test('a wrong url is refused by the name of the option, without its password', () => {
  expect(() => parseOptions({ url: 'amqp://a:secret@b' })).toThrow(
    "url: must be kafka://host:port, is 'amqp://a:…@b'",
  );
  expect(() => parseOptions({ url: 'kafka://a:b@c?sasl=magic' })).toThrow('sasl must be plain');
  expect(() => parseOptions({ url: 'kafka://c?replicas=many' })).toThrow('replicas must be a whole number');
});
