import { expect, test } from 'vitest';
import { titleOf } from './page-title.ts';

test.each([
  ['  Order 1\n done ', 'Order 1 done · Shop'],
  ['', 'Shop'],
  ['x'.repeat(200), `${'x'.repeat(100)}… · Shop`],
])('the heading %j becomes a title', (heading, title) => {
  expect(titleOf(heading, 'Shop')).toBe(title);
});
