import { expect, test } from 'vitest';
import { refused } from './translation.ts';

test('a reason has at most 500 characters, and no part of an address where it is cut', () => {
  for (let before = 470; before <= 500; before += 1) {
    const { reason } = refused(`${'x'.repeat(before)} jane.doe@example.com must be absent`);
    expect(reason.length).toBeLessThanOrEqual(500);
    expect(reason).not.toContain('jane');
  }
});
