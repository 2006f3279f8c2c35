import { hostileHeaders, hostileNumbers, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { unstorable } from '../message/storable.ts';
import { attemptFrom, textFrom, timeFrom } from './header-values.ts';

const values: readonly { name: string; value: unknown }[] = [
  ...hostileHeaders,
  ...hostileStrings,
  ...hostileTimes,
  ...hostileNumbers.map(({ name, json }) => ({ name, value: JSON.parse(json) as unknown })),
  { name: 'nothing', value: undefined },
  { name: 'a symbol', value: Symbol('x') },
  { name: 'an object that cannot be converted to a text', value: Object.create(null) },
  { name: 'bytes', value: Buffer.from('5') },
];

describe('a header', () => {
  test.each(values)('is read as an attempt within bounds: $name', ({ value }) => {
    const attempt = attemptFrom(value);
    expect(Number.isInteger(attempt) && attempt >= 1 && attempt <= 1_000).toBe(true);
  });

  test.each(values)('is read as a time that can be stored: $name', ({ value }) => {
    expect(timeFrom(value)).toMatch(/^(19[7-9]\d|[2-9]\d{3})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test.each(values)('is read as a bounded text that can be stored: $name', ({ value }) => {
    const text = textFrom(value, 200);
    expect(text.length).toBeLessThanOrEqual(200);
    expect(unstorable(text)).toBeUndefined();
  });

  test('of ours has the value that we wrote', () => {
    expect(attemptFrom('3')).toBe(3);
    expect(attemptFrom(3)).toBe(3);
    expect(attemptFrom(Buffer.from('3'))).toBe(3);
    expect(timeFrom('2026-11-28T10:00:00.000Z')).toBe('2026-11-28T10:00:00.000Z');
    expect(textFrom(Buffer.from('order.replies'), 200)).toBe('order.replies');
  });
});
