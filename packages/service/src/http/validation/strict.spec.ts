import { expect, test } from 'vitest';
import { z } from 'zod';
import { strict } from './strict.ts';

const unknownIn = (schema: z.ZodType, value: unknown): string[] => {
  const { error } = z.core.safeParse(strict(schema), value);
  return (error?.issues ?? []).map(({ code, path }) => `${code} ${path.join('.')}`);
};

test.each<[string, z.ZodType, unknown, string]>([
  ['an object', z.object({ a: z.string() }), { a: '', b: 1 }, ''],
  ['a nested object', z.object({ a: z.object({}) }), { a: { b: 1 } }, 'a'],
  ['an item of an array', z.object({ a: z.array(z.object({})) }), { a: [{}, { b: 1 }] }, 'a.1'],
  ['an optional', z.object({ a: z.object({}).optional() }), { a: { b: 1 } }, 'a'],
  ['a nullable', z.object({ a: z.object({}).nullable() }), { a: { b: 1 } }, 'a'],
  ['a default', z.object({ a: z.object({}).default({}) }), { a: { b: 1 } }, 'a'],
  ['the input of a transform', z.object({ a: z.string() }).transform(({ a }) => a), { a: '', b: 1 }, ''],
])('an unknown field in %s is refused', (_what, schema, value, path) => {
  expect(unknownIn(schema, value)).toEqual([`unrecognized_keys ${path}`]);
});

test('discriminated unions keep their discriminator, and are strict in each option', () => {
  const schema = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('a'), x: z.int() }),
    z.object({ kind: z.literal('b') }),
  ]);
  expect(unknownIn(schema, { kind: 'a', x: 1 })).toEqual([]);
  expect(unknownIn(schema, { kind: 'b', x: 1 })).toEqual(['unrecognized_keys ']);
});

test('checks, transforms and defaults still apply', () => {
  const schema = z
    .object({
      list: z.array(z.int()).max(2),
      word: z.string().trim().min(2).default('none'),
      from: z.int(),
      to: z.int(),
    })
    .refine(({ from, to }) => from < to, 'from must be before to');
  const strictSchema = strict(schema);
  expect(z.core.parse(strictSchema, { list: [1], from: 1, to: 2, word: ' ab ' })).toEqual({
    list: [1],
    from: 1,
    to: 2,
    word: 'ab',
  });
  expect(z.core.safeParse(strictSchema, { list: [1, 2, 3], from: 1, to: 2 }).success).toBe(false);
  expect(z.core.safeParse(strictSchema, { list: [], from: 2, to: 1 }).success).toBe(false);
});

test('an object that takes any field keeps taking it', () => {
  expect(unknownIn(z.looseObject({ a: z.string() }), { a: '', b: 1 })).toEqual([]);
});
