import { expect, test } from 'vitest';
import { table } from './table.ts';

const columns = [
  { heading: 'name', text: ({ name }: { name: string; count: number }) => name },
  { heading: 'count', text: ({ count }: { name: string; count: number }) => String(count), alignRight: true },
];

test('a table is as wide as its texts, with numbers on the right', () => {
  expect(
    table(
      [
        { name: 'email.welcome', count: 7 },
        { name: 'order.replies', count: 12_000 },
      ],
      columns,
    ),
  ).toEqual(['name           count', 'email.welcome      7', 'order.replies  12000']);
});

test('a table without rows is its headings', () => expect(table([], columns)).toEqual(['name  count']));

test('a text cannot start a new line, or change colours or the direction of a terminal', () => {
  const [, line] = table([{ name: 'a\u001b[31mb\nc\u202ed', count: 1 }], columns);
  expect(line).toBe('a [31mb c d      1');
});
