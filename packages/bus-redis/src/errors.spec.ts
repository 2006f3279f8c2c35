import { expect, test } from 'vitest';
import { isAway, isBlocked, isMissing } from './errors.ts';

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

test.each([
  'LOADING Redis is loading the dataset in memory',
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
  'ERR max number of clients reached',
  'BUSY Redis is busy running a script.',
])('%s: the server is away', (message) => {
  expect(isAway(reply(message))).toBe(true);
  expect(isBlocked(reply(message))).toBe(false);
});

test.each([
  "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
  "READONLY You can't write against a read only replica.",
  'NOREPLICAS Not enough good replicas to write.',
  'MISCONF Errors writing to the AOF file: No space left on device',
])('%s: the server accepts no publishes', (message) => {
  expect(isBlocked(reply(message))).toBe(true);
  expect(isAway(reply(message))).toBe(false);
});

test('a lost connection is away, and a wrong command is not', () => {
  expect(isAway(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toBe(true);
  expect(isAway(new Error('Connection is closed.'))).toBe(true);
  expect(isAway(reply('ERR unknown command'))).toBe(false);
  expect(isAway('Connection is closed.')).toBe(false);
});

test('a missing queue is told apart from other errors', () => {
  expect(isMissing(reply("NOGROUP No such key 'bus:queue:x'"))).toBe(true);
  expect(isMissing(reply('UNBLOCKED the stream key no longer exists'))).toBe(true);
  expect(isMissing(reply('UNBLOCKED client unblocked via CLIENT UNBLOCK'))).toBe(false);
  expect(isMissing(reply('ERR no such key'))).toBe(false);
});
