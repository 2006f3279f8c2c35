import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { event } from './define.ts';

const contractOf = (shape: { readonly field?: z.ZodType }) => {
  const schema: z.ZodObject<{ id: z.ZodString }> = z.object({ id: z.string(), ...shape });
  return event('thing.happened', { owner: 'order', version: 1, key: 'id', schema });
};

const part = z.object({ sku: z.string() });
const extra = { sku: 'A', unknown: 1 };

describe('publishing refuses an unknown field', () => {
  test('beside the fields of the contract', () => {
    const { strictSchema } = contractOf({});
    expect(strictSchema.safeParse({ id: '1' }).success).toBe(true);
    expect(strictSchema.safeParse({ id: '1', unknown: 1 }).error?.issues).toMatchObject([
      { keys: ['unknown'], path: [] },
    ]);
  });

  test.each<[string, z.ZodType, (inner: object) => unknown]>([
    ['in an object', part, (inner) => inner],
    ['in an optional object', part.optional(), (inner) => inner],
    ['in a nullable object', part.nullable(), (inner) => inner],
    ['in the items of an array', z.array(part), (inner) => [inner]],
    ['in the values of a record', z.record(z.string(), part), (inner) => ({ one: inner })],
    ['in an option of a union', z.union([z.string(), part]), (inner) => inner],
    [
      'in an object of an object',
      z.object({ deep: z.array(z.object({ part })) }),
      (inner) => ({ deep: [{ part: inner }] }),
    ],
  ])('%s', (_, schema, wrap) => {
    const { strictSchema, schema: lenient } = contractOf({ field: schema });
    expect(strictSchema.safeParse({ id: '1', field: wrap({ sku: 'A' }) }).success).toBe(true);
    expect(strictSchema.safeParse({ id: '1', field: wrap(extra) }).success).toBe(false);
    expect(lenient.parse({ id: '1', field: wrap(extra) })).toEqual({ id: '1', field: wrap({ sku: 'A' }) });
  });

  test('in the chosen option of a discriminated union', () => {
    const field = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('card'), last: z.string() }),
      z.object({ kind: z.literal('cash') }),
    ]);
    const { strictSchema } = contractOf({ field });
    expect(strictSchema.safeParse({ id: '1', field: { kind: 'card', last: '4242' } }).success).toBe(true);
    expect(
      strictSchema.safeParse({ id: '1', field: { kind: 'cash', last: '4242' } }).error?.issues,
    ).toMatchObject([{ keys: ['last'], path: ['field'] }]);
  });
});

describe('publishing keeps every rule of the schema', () => {
  test.each<[string, z.ZodType, unknown, unknown]>([
    ['the minimum items of an array', z.array(part).min(1), [], [{ sku: 'A' }]],
    ['the maximum items of an array', z.array(part).max(1), [{ sku: 'A' }, { sku: 'B' }], []],
    [
      'the keys of a record',
      z.record(z.string().regex(/^[a-z]$/), part),
      { AB: { sku: 'A' } },
      { a: { sku: 'A' } },
    ],
    ['a pattern', z.string().regex(/^[A-Z]{3}$/), 'eur', 'EUR'],
    ['a field that must be there', part, undefined, { sku: 'A' }],
  ])('%s', (_, schema, wrong, right) => {
    const { strictSchema } = contractOf({ field: schema });
    expect(strictSchema.safeParse({ id: '1', field: wrong }).success).toBe(false);
    expect(strictSchema.safeParse({ id: '1', field: right }).success).toBe(true);
  });

  test('an optional field may be left out, and is validated where it is present', () => {
    const { strictSchema } = contractOf({ field: z.string().min(2).optional() });
    expect(strictSchema.safeParse({ id: '1' }).success).toBe(true);
    expect(strictSchema.safeParse({ id: '1', field: 'x' }).success).toBe(false);
  });
});

describe('a contract cannot be defined with a schema', () => {
  const sent = 'what is validated is what is sent';
  test.each<[string, z.ZodType, string]>([
    [
      'that transforms',
      z.string().transform(Number),
      `thing.happened.field: a contract's schema may not contain a pipe: ${sent}`,
    ],
    [
      'that pipes',
      z.string().pipe(z.string()),
      `thing.happened.field: a contract's schema may not contain a pipe: ${sent}`,
    ],
    [
      'with a codec',
      z.stringbool(),
      `thing.happened.field: a contract's schema may not contain a pipe: ${sent}`,
    ],
    [
      'with a default',
      z.string().default('x'),
      `thing.happened.field: a contract's schema may not contain a default: ${sent}`,
    ],
    [
      'with a prefault',
      z.string().prefault('x'),
      `thing.happened.field: a contract's schema may not contain a prefault: ${sent}`,
    ],
    [
      'that catches',
      z.string().catch('x'),
      `thing.happened.field: a contract's schema may not contain a catch: ${sent}`,
    ],
    [
      'that trims',
      z.string().trim(),
      `thing.happened.field: a contract's schema may not contain an overwrite: ${sent}`,
    ],
    [
      'that changes case',
      z.string().toLowerCase(),
      `thing.happened.field: a contract's schema may not contain an overwrite: ${sent}`,
    ],
    [
      'that coerces',
      z.coerce.number(),
      `thing.happened.field: a contract's schema may not contain a coercion: ${sent}`,
    ],
    [
      'with a default in the items of an array',
      z.array(z.object({ at: z.string().default('x') })),
      `thing.happened.field[].at: a contract's schema may not contain a default: ${sent}`,
    ],
    [
      'with a refinement',
      z.string().refine((text) => text !== 'x'),
      "thing.happened.field: a contract's schema may not contain a refinement: the compatibility check could not see it change",
    ],
    [
      'that refuses unknown fields on delivery',
      z.strictObject({ sku: z.string() }),
      'thing.happened.field: use z.object: publishing refuses unknown fields anyway, and delivery drops them',
    ],
    [
      'that keeps unknown fields on delivery',
      z.looseObject({ sku: z.string() }),
      'thing.happened.field: use z.object: publishing refuses unknown fields anyway, and delivery drops them',
    ],
    [
      'with a type that JSON does not have',
      z.date(),
      "thing.happened.field: a contract's schema may not contain a date: " +
        'use objects, arrays, records, unions, strings, numbers, booleans, enums, literals and null',
    ],
    [
      'with an optional value outside of an object',
      z.array(z.string().optional()),
      "thing.happened.field[]: a contract's schema may not contain an optional: only a field of an object can be left out",
    ],
  ])('%s', (_, schema, message) => {
    expect(() => contractOf({ field: schema })).toThrow(new Error(message));
  });

  test('that transforms as a whole', () => {
    const schema = z.looseObject({ id: z.string() });
    expect(() => event('thing.happened', { owner: 'order', version: 1, key: 'id', schema })).toThrow(
      'thing.happened: use z.object',
    );
  });
});
