import { expect, test } from 'vitest';
import { createIdempotencyKeys } from './idempotency-keys.ts';

test('the same body has the same key, and another one another', () => {
  const keyOf = createIdempotencyKeys();
  const first = keyOf({ lines: [1] });
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  expect(keyOf({ lines: [1] })).toBe(first);
  expect(keyOf({ lines: [2] })).not.toBe(first);
  expect(keyOf({ lines: [1] })).toBe(first);
  expect(createIdempotencyKeys()({ lines: [1] })).not.toBe(first);
});
