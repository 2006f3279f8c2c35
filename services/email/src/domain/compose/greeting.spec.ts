import { expect, test } from 'vitest';
import { greeting } from './greeting.ts';

test.each([
  ['Ada', 'Hello Ada,'],
  ["Seán O'Brien-Łukasz Jr.", "Hello Seán O'Brien-Łukasz Jr.,"],
  ['J. R. R. Tolkien', 'Hello J. R. R. Tolkien,'],
  ['王小明', 'Hello 王小明,'],
  ['می‌خواهم', 'Hello می‌خواهم,'],
  ['Ada\u202Eecalevol', 'Hello Adaecalevol,'],
  ['  Ada \t Lovelace\r\n', 'Hello Ada Lovelace,'],
])('greets %j by name', (name, text) => {
  expect(greeting(name)).toBe(text);
});

test.each([
  'You won 500 EUR: http://spam.example/x?id=1',
  'visit spam.example now',
  'spam。example',
  'ｗｗｗ．spam',
  'mail me@spam.example',
  'javascript:alert(1)',
  'Call 0800 123456',
  'a/b',
  '\u200B\u3164',
  '!!!',
  '',
  undefined,
])('leaves out %j', (name) => {
  expect(greeting(name)).toBe('Hello,');
});

test('cuts a long name', () => {
  expect(greeting('a'.repeat(1_000_000))).toBe(`Hello ${'a'.repeat(59)}…,`);
});
