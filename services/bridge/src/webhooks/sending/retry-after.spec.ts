import { expect, test } from 'vitest';
import { retryAfterMsOf } from './retry-after.ts';

const now = Date.parse('2026-11-01T12:00:00Z');

test.each<[string | string[] | undefined, number | undefined]>([
  ['120', 120_000],
  [['7', '9'], 7_000],
  ['Sun, 01 Nov 2026 12:01:00 GMT', 60_000],
  ['Sun, 01 Nov 2026 11:00:00 GMT', 0],
  ['-5', undefined],
  ['soon', undefined],
  ['9'.repeat(400), undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After: %s is %s ms', (header, ms) => expect(retryAfterMsOf(header, now)).toBe(ms));
