import { describe, expect, test } from 'vitest';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const deadLettersPageCases = (under: () => ConsoleUnderTest): void => {
  describe('dead letters', () => {
    test('a customer is told that the console is for administrators', async () => {
      const { page, complaints } = await under().customerPage('/console/dead-letters');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
