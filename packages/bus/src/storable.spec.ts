import { hostileStrings } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { mayBeUnstorable, storableText, unstorable } from './storable.ts';

const refused = hostileStrings.filter(({ storable }) => !storable);

describe('a text that PostgreSQL cannot store', () => {
  test.each(hostileStrings)('is told from one that it can: $name', ({ value, storable }) => {
    expect(unstorable(value) === undefined).toBe(storable);
    expect(unstorable({ lines: [{}, { name: value }] })?.path).toBe(storable ? undefined : 'lines[1].name');
  });

  test.each(refused)('is found as a key: $name', ({ value }) => {
    expect(unstorable({ data: { [value]: 1 } })).toEqual({
      path: 'data',
      reason: 'has a key that holds a NUL character or half of a surrogate pair',
    });
  });

  test.each(refused)('is seen in the JSON text before it is looked for: $name', ({ value }) => {
    expect(mayBeUnstorable(JSON.stringify({ value }))).toBe(true);
  });

  test('is found at any depth', () => {
    const depth = 100_000;
    const value = JSON.parse(`${'['.repeat(depth)}"\\u0000"${']'.repeat(depth)}`) as unknown;
    expect(unstorable(value)?.reason).toMatch(/NUL/);
  });
});

describe('a text made storable', () => {
  test.each(hostileStrings)('can be stored, and is not longer than asked: $name', ({ value, storable }) => {
    const made = storableText(value, 500);
    expect(unstorable(made)).toBeUndefined();
    expect(made.length).toBeLessThanOrEqual(500);
    if (storable && value.length <= 500) expect(made).toBe(value);
  });

  test('is not cut inside a surrogate pair that would then be half', () => {
    expect(unstorable(storableText('a😀', 2))).toBeUndefined();
  });
});
