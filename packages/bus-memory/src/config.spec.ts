import { expect, test } from 'vitest';
import { parseOptions } from './config.ts';

test('the name of a memory url names the broker', () => {
  expect(parseOptions({ url: 'memory://shop' })).toEqual({ name: 'shop' });
});

test.each(['', 'memory:', 'memory://', 'postgres://localhost/bus'])(
  '%j is refused, naming the option',
  (url) => {
    expect(() => parseOptions({ url })).toThrow(/^url: must/);
  },
);
