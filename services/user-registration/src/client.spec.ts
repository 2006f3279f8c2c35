import { expect, test } from 'vitest';
import { clientOf } from './client.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['9.9.9.9, 203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
  ['2001:db8::', '2001:db8:0:0'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['', '127.0.0.1'],
  [undefined, '127.0.0.1'],
])('of %j the client is %j', (forwarded, client) =>
  expect(clientOf({ headers: { 'x-forwarded-for': forwarded }, ip: '127.0.0.1' })).toBe(client),
);
