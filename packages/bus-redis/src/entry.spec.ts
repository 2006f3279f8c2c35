import { hostileHeaders } from '@emporium/hostile-inputs';
import { expect, test } from 'vitest';
import { aboutText, entriesOf, fieldNames } from './entry.ts';

const { about: aboutField, attempt: attemptField } = fieldNames;
const fields = (...texts: string[]) => texts.map((text) => Buffer.from(text));

test('an entry is a message in its first attempt unless it has another', () => {
  const about = aboutText({ id: 'a', type: 'order.placed', key: 'Zoë', body: Buffer.alloc(0) });
  const [first, third] = entriesOf(
    [
      [Buffer.from('1-0'), fields(aboutField, about, 'body', '{}')],
      [Buffer.from('1-1'), fields(aboutField, about, 'body', '{}', attemptField, '3')],
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

test.each([
  { id: 'a b', type: 'c d', key: 'e f g' },
  { id: '%20', type: '%', key: '%25 %20' },
  { id: 'a', type: '', key: '' },
  { id: 'Zoë\n', type: '日本', key: '\u0000' },
])('whatever is in its id, type and key, they come out as they went in: %j', (message) => {
  const about = aboutText({ ...message, body: Buffer.alloc(0) });
  const entries = entriesOf([[Buffer.from('1-0'), fields(aboutField, about, 'body', 'x')]], 'bus:queue:a.b');
  expect(entries).toEqual([expect.objectContaining(message)]);
});

test('an entry of a third party is a message with its position as id, and a deleted entry is left out', () => {
  const entries = entriesOf(
    [
      [Buffer.from('1-0'), fields('hello', 'world')],
      [Buffer.from('1-1'), fields(aboutField, 'two words', 'body', 'x')],
      [Buffer.from('1-2'), fields(aboutField, '7', 'body', 'x')],
      [Buffer.from('1-3'), fields(aboutField, 'a.b  key', 'body', 'x')],
      [Buffer.from('1-4'), fields('', '', '', '')],
      [Buffer.from('1-5'), null],
      [Buffer.from('1-6'), []],
    ],
    'bus:queue:a.b',
  );
  expect(entries.map(({ id, type }) => [id, type])).toEqual([
    ['bus:queue:a.b/1-0', ''],
    ['bus:queue:a.b/1-1', ''],
    ['bus:queue:a.b/1-2', ''],
    ['bus:queue:a.b/1-3', 'a.b'],
    ['bus:queue:a.b/1-4', ''],
    ['bus:queue:a.b/1-6', ''],
  ]);
});

test('of a field that occurs twice the first counts', () => {
  const [entry] = entriesOf(
    [[Buffer.from('1-0'), fields(attemptField, '2', 'body', 'a', attemptField, '6', 'body', 'b')]],
    'bus:queue:a.b',
  );
  expect(entry?.attempt).toBe(2);
  expect(entry?.body.toString()).toBe('a');
});

test.each(hostileHeaders)('a field with $name can be read', ({ header, value }) => {
  const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));
  const [entry] = entriesOf(
    [[Buffer.from('1-0'), [Buffer.from(header), bytes, ...fields('body', 'x')]]],
    'bus:queue:a.b',
  );
  expect(entry).toMatchObject({ id: 'bus:queue:a.b/1-0', type: '', key: '' });
  expect(entry?.attempt).toBe(header === attemptField && String(value) === '2147483648' ? 1_000 : 1);
});
