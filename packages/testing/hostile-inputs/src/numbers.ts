/** A value for a number field, as JSON text: some of them have no JavaScript number. */
export interface HostileNumber {
  readonly name: string;
  readonly json: string;
}

export const hostileNumbers: readonly HostileNumber[] = [
  { name: 'minus zero', json: '-0' },
  { name: 'minus one', json: '-1' },
  { name: 'a fraction', json: '0.5' },
  { name: 'nearly one', json: '0.9999999999999999999' },
  { name: 'one over the largest int2', json: '32768' },
  { name: 'the largest int4', json: '2147483647' },
  { name: 'one over the largest int4', json: '2147483648' },
  { name: 'one under the smallest int4', json: '-2147483649' },
  { name: 'the largest safe integer', json: '9007199254740991' },
  { name: 'one over the largest safe integer', json: '9007199254740992' },
  { name: 'one over the largest int8', json: '9223372036854775808' },
  { name: 'one over the largest uint64', json: '18446744073709551616' },
  { name: 'a large power', json: '1e308' },
  { name: 'more than the largest double', json: '1e400' },
  { name: 'less than the smallest negative double', json: '-1e400' },
  { name: 'the smallest double', json: '5e-324' },
  { name: 'a hundred digits', json: '9'.repeat(100) },
  { name: 'a number as text', json: '"1"' },
  { name: 'a number with spaces as text', json: '" 1 "' },
  { name: 'hexadecimal as text', json: '"0x10"' },
  { name: 'NaN as text', json: '"NaN"' },
  { name: 'infinity as text', json: '"Infinity"' },
  { name: 'true', json: 'true' },
  { name: 'null', json: 'null' },
  { name: 'an array', json: '[1]' },
  { name: 'an object', json: '{"valueOf":1}' },
];
