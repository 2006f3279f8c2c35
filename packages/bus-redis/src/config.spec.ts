import { expect, test } from 'vitest';
import { parseOptions } from './config.ts';

test('a url of Redis is taken, with a bound of ten seconds', () => {
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

test('the password of a wrong url is not told', () => {
  expect(() => parseOptions({ url: 'http://me:secret@host' })).toThrow("is 'http://me:…@host'");
});

test('a name of a connection has no blanks', () => {
  expect(parseOptions({ url: 'redis://host', connectionName: 'the order service' }).connectionName).toBe(
    'the-order-service',
  );
});
