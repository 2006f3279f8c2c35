import { expect, test } from 'vitest';
import { aboutText, entriesOf } from './entry.ts';

const fields = (...texts: string[]) => texts.map((text) => Buffer.from(text));

test('an entry is a message, in its first attempt unless it says another', () => {
  const about = aboutText({ id: 'a', type: 'order.placed', key: 'Zoë', body: Buffer.alloc(0) });
  const [first, third] = entriesOf(
    [
      [Buffer.from('1-0'), fields('about', about, 'body', '{}')],
      [Buffer.from('1-1'), fields('about', about, 'body', '{}', 'attempt', '3')],
    ],
    'bus:queue:a.b',
  );
  expect(first).toMatchObject({
    entry: '1-0',
    position: 'bus:queue:a.b/1-0',
    id: 'a',
    type: 'order.placed',
    key: 'Zoë',
    attempt: 1,
  });
  expect(first?.body.toString()).toBe('{}');
  expect(third?.attempt).toBe(3);
});

test('what somebody else wrote is a message with the id of its entry, and what was deleted is none', () => {
  const entries = entriesOf(
    [
      [Buffer.from('1-0'), fields('hello', 'world')],
      [Buffer.from('1-1'), fields('about', 'no JSON', 'body', 'x')],
      [Buffer.from('1-2'), fields('about', '7', 'body', 'x')],
      [Buffer.from('1-3'), null],
    ],
    'bus:queue:a.b',
  );
  expect(entries.map(({ id, type }) => [id, type])).toEqual([
    ['1-0', ''],
    ['1-1', ''],
    ['1-2', ''],
  ]);
});
