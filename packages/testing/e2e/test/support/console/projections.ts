import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { answerAway } from './answer-away.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

const path = '/api/admin/reports/projections';

export const projectionsPageCases = (under: () => ConsoleUnderTest): void => {
  describe('projections', () => {
    test('one is built again', async () => {
      const { page, complaints } = await under().administrator('/console/projections');
      await page.getByRole('row', { name: /^product-sales/ }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Rebuild product-sales' }).click();
      await page.getByText('product-sales is being built again.').waitFor();
      await page.reload();
      await page.getByRole('row', { name: /^product-sales .* up to date (?:now|\d+ seconds ago)/ }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('a build is shown with its progress', async () => {
      const { page, complaints } = await under().administrator('/console/sagas');
      const lag = { events: 30, seconds: 4 };
      const build = { version: 2, startedAt: new Date().toISOString(), events: 10, lag };
      const projections = [{ name: 'revenue', version: 1, lag: { events: 0, seconds: 0 }, build }];
      await page.route(`**${path}`, (route) => route.fulfill({ json: { projections } }));
      await page.goto('/console/projections');
      await page.getByText('version 2: 10 of 40 events').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test('while the order service is away the page says so', async () => {
      const { page, complaints } = await under().administrator('/console/sagas', [503]);
      await answerAway(page, path);
      await page.goto('/console/projections');
      await page.getByRole('alert').filter({ hasText: 'The service is away' }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('a customer does not see it', async () => {
      const { page, complaints } = await under().customerPage('/console/projections');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
