/** A value for a time field: RFC 3339 where a text is expected, seconds or milliseconds since 1970 where a number is. */
export interface HostileTime {
  readonly name: string;
  readonly value: string | number;
}

export const hostileTimes: readonly HostileTime[] = [
  { name: 'an empty text', value: '' },
  { name: 'not a time', value: 'yesterday' },
  { name: 'a date alone', value: '2026-11-28' },
  { name: 'without a zone', value: '2026-11-28T10:00:00' },
  { name: 'the 30th of February', value: '2026-02-30T10:00:00Z' },
  { name: 'a 13th month', value: '2026-13-01T10:00:00Z' },
  { name: 'a leap second', value: '2016-12-31T23:59:60Z' },
  { name: 'hour 24', value: '2026-11-28T24:00:00Z' },
  { name: 'a far offset', value: '2026-11-28T10:00:00+99:99' },
  { name: 'lower case', value: '2026-11-28t10:00:00z' },
  { name: 'nanoseconds', value: '2026-11-28T10:00:00.123456789Z' },
  { name: 'the year 0', value: '0000-01-01T00:00:00Z' },
  { name: 'the year 9999', value: '9999-12-31T23:59:59Z' },
  { name: 'the year 10000', value: '+010000-01-01T00:00:00Z' },
  { name: 'the first year of JavaScript', value: '-271821-04-20T00:00:00.000Z' },
  { name: 'the last year of JavaScript', value: '+275760-09-13T00:00:00.000Z' },
  { name: 'infinity', value: 'infinity' },
  { name: 'a NUL character', value: '2026-11-28T10:00:00Z\u0000' },
  { name: 'the year 2100 in seconds', value: 4_102_444_800 },
  { name: 'milliseconds', value: 1_796_000_000_000 },
  { name: 'microseconds', value: 1_796_000_000_000_000 },
  { name: 'zero', value: 0 },
  { name: 'before 1970', value: -1 },
  { name: 'a fraction of a second', value: 1_796_000_000.5 },
  { name: 'beyond JavaScript', value: 8_640_000_000_001 },
  { name: 'beyond PostgreSQL', value: 9_224_318_016_000 },
  { name: 'the largest safe integer', value: Number.MAX_SAFE_INTEGER },
  { name: 'the largest double', value: Number.MAX_VALUE },
];
