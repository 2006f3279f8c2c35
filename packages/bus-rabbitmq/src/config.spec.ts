import { expect, test } from 'vitest';
import { parseOptions } from './config.ts';

test('a url of another scheme is refused without showing the password', () => {
  expect(() => parseOptions({ url: 'http://me:secret@host' })).toThrow(
    "url: must be amqp://… or amqps://…, is 'http://me:…@host'",
  );
  expect(() => parseOptions({ url: '' })).toThrow('url: must be');
});

test('a heartbeat is added, unless the url has one', () => {
  expect(parseOptions({ url: 'amqp://host/shop' }).url).toBe('amqp://host/shop?heartbeat=15');
  expect(parseOptions({ url: 'amqps://host/shop?heartbeat=3' }).url).toBe('amqps://host/shop?heartbeat=3');
});
