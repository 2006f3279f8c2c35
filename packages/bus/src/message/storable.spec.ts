import { hostileStrings } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { mayBeUnstorable, storableText, unstorable } from './storable.ts';

const refused = hostileStrings.filter(({ storable }) => !storable);

describe('a text that PostgreSQL cannot store', () => {
  test.each(hostileStrings)('is distinguished from one that it can: $name', ({ value, storable }) => {
    expect(unstorable(value) === undefined).toBe(storable);
    expect(unstorable({ lines: [{}, { name: value }] })?.path).toBe(storable ? undefined : 'lines[1].name');
  });

  test.each(refused)('is found as a key: $name', ({ value }) => {
    expect(unstorable({ data: { [value]: 1 } })).toEqual({
      path: 'data',
      reason: 'has a key that contains a NUL character or half of a surrogate pair',
    });
  });

  test.each(refused)('is detected in the JSON text: $name', ({ value }) => {
    expect(mayBeUnstorable(JSON.stringify({ value }))).toBe(true);
  });

  test('is found at any depth', () => {
    const depth = 100_000;
    const value = JSON.parse(`${'['.repeat(depth)}"\\u0000"${']'.repeat(depth)}`) as unknown;
    expect(unstorable(value)?.reason).toMatch(/NUL/);
  });
});

describe('storableText', () => {
  test.each(hostileStrings)(
    'returns a text that can be stored, of the maximum length: $name',
    ({ value, storable }) => {
      const made = storableText(value, 500);
      expect(unstorable(made)).toBeUndefined();
      expect(made.length).toBeLessThanOrEqual(500);
      if (storable && value.length <= 500) expect(made).toBe(value);
    },
  );

  test('does not leave half of a surrogate pair at its end', () => {
    expect(unstorable(storableText('a😀', 2))).toBeUndefined();
  });
});
