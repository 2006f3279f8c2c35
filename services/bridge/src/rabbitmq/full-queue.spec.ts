import { expect, test } from 'vitest';
import { createFullQueue } from './full-queue.ts';

const open = () => {
  const lines: string[] = [];
  const line = (_: object, text: string) => void lines.push(text);
  let now = 0;
  const queue = createFullQueue('users', { info: line, warn: line, error: line }, () => now);
  return { queue, lines, pass: (ms: number) => (now += ms) };
};

test('a refusal is tried again for 10 s, then messages are dropped until one is accepted', () => {
  const { queue, pass } = open();
  expect(queue.refused('nacked')).toBe('wait');
  pass(9_999);
  expect(queue.refused('nacked')).toBe('wait');
  pass(1);
  expect(queue.refused('nacked')).toBe('drop');
  queue.accepted();
  expect(queue.refused('nacked')).toBe('wait');
});

test('the log has a line for the first refusal, for the first dropped message, and every 10 s', () => {
  const { queue, lines, pass } = open();
  for (let round = 0; round < 300; round += 1) {
    queue.refused('nacked');
    pass(100);
  }
  queue.accepted();
  expect(lines).toEqual([
    'a dead letter was refused, and is tried again for 10 s: nacked',
    'users.dead-letters takes no messages, read or purge it: 1 refused messages were dropped',
    'users.dead-letters takes no messages, read or purge it: 101 refused messages were dropped',
    'dead letters are kept again; 200 refused messages were dropped',
  ]);
});

test('health says so until five minutes after the last refusal', () => {
  const { queue, pass } = open();
  queue.assertWorking();
  queue.refused('nacked');
  expect(() => queue.assertWorking()).toThrow('users.dead-letters takes no messages');
  pass(300_000);
  queue.assertWorking();
});
