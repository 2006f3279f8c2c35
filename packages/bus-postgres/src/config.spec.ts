import { expect, test } from 'vitest';
import { parseOptions } from './config.ts';

test('a url of PostgreSQL is accepted, with a timeout of ten seconds', () => {
  const url = 'postgres://bus:secret@127.0.0.1:5432/broker';
  expect(parseOptions({ url })).toMatchObject({ url, timeoutMs: 10_000 });
});

test.each(['', 'amqp://localhost', 'postgres:', 'localhost/broker'])(
  '%j is refused, naming the option',
  (url) => {
    expect(() => parseOptions({ url })).toThrow(/^url: must/);
  },
);

test('a url without a database is refused, and its password is not shown', () => {
  expect(() => parseOptions({ url: 'postgres://bus:secret@127.0.0.1:5432' })).toThrow('must name a database');
  expect(() => parseOptions({ url: 'postgres://bus:secret@127.0.0.1:5432' })).not.toThrow('secret');
});
