import { expect, test } from 'vitest';
import { parseOptions } from './config.ts';

test('a url of Redis is accepted, with a timeout of ten seconds', () => {
  const url = 'redis://:secret@127.0.0.1:6379/3';
  expect(parseOptions({ url })).toMatchObject({ url, timeoutMs: 10_000 });
  expect(parseOptions({ url: 'rediss://cache.example' })).toMatchObject({ connectionName: 'emporium' });
});

test.each(['', 'amqp://localhost', 'redis:', 'localhost:6379', 'redis://localhost/shop'])(
  '%j is refused, naming the option',
  (url) => {
    expect(() => parseOptions({ url })).toThrow(/^url: must/);
  },
);

test('the password of a wrong url is not shown', () => {
  expect(() => parseOptions({ url: 'http://me:secret@host' })).toThrow("is 'http://me:…@host'");
});

test('the name of a connection has no spaces', () => {
  expect(parseOptions({ url: 'redis://host', connectionName: 'the order service' }).connectionName).toBe(
    'the-order-service',
  );
});
