import { expect, test } from 'vitest';
import { risksOf } from './settings.ts';

test('safe settings and unknown settings give no warning', () => {
  expect(risksOf({ aof_enabled: '1', appendfsync: 'always', redis_version: '8.2.1' })).toEqual([]);
  expect(risksOf({})).toEqual([]);
});

test.each([
  [{ redis_version: '6.2.14' }, 'Redis 6.2.14 is too old: it must be 7.0 or later'],
  [{ aof_enabled: '0' }, 'a crash of Redis loses messages that it accepted: appendonly is no'],
  [
    { aof_enabled: '1', appendfsync: 'everysec' },
    'a crash of Redis may lose messages that it accepted: appendfsync is everysec, not always',
  ],
  [
    { maxmemory: '1000000', maxmemory_policy: 'allkeys-lru' },
    'Redis drops messages when it is full: maxmemory-policy is allkeys-lru, not noeviction',
  ],
])('%j gives a warning', (settings, risk) => {
  expect(risksOf(settings)).toEqual([risk]);
});

test('a policy that evicts only keys with a time to live gives no warning', () => {
  expect(risksOf({ maxmemory: '1000000', maxmemory_policy: 'volatile-lru' })).toEqual([]);
});
