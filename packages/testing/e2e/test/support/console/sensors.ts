import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { answerAway } from './answer-away.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const sensorsPageCases = (under: () => ConsoleUnderTest): void => {
  describe('sensors', () => {
    test('a cooling is broken, and the alert appears by itself', async () => {
      const { page, complaints } = await under().administrator('/console/sensors');
      await page.getByRole('heading', { name: 'Sensors live' }).waitFor();
      await page.getByRole('heading', { name: /^Dubai/ }).waitFor();
      await page.locator('.temperature-chart canvas').first().waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Break the cooling of Dubai' }).click();
      await page.getByText('A cooling in Dubai is broken').waitFor();
      await page
        .getByRole('row', { name: /Dubai .* too hot/ })
        .first()
        .waitFor();
      await page.reload();
      await page
        .getByRole('row', { name: /Dubai .* too hot/ })
        .first()
        .waitFor();
      expect(complaints).toEqual([]);
    });

    test('while the view is paused nothing is streamed', async () => {
      const { page, complaints } = await under().administrator('/console/sensors');
      await page.getByRole('heading', { name: 'Sensors live' }).waitFor();
      await page.getByRole('button', { name: 'Pause the view' }).click();
      await page.getByRole('heading', { name: 'Sensors paused' }).waitFor();
      await page.getByRole('button', { name: 'Go on live' }).click();
      await page.getByRole('heading', { name: 'Sensors live' }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('without readings, or without the service, the page says so', async () => {
      const { page, complaints } = await under().administrator('/console/sagas', [503]);
      await page.route('**/api/sensors/locations*', (route) => route.fulfill({ json: { locations: [] } }));
      await page.route('**/api/sensors/stream', (route) =>
        route.fulfill({ contentType: 'text/event-stream', body: '' }),
      );
      await page.goto('/console/sensors');
      await page.getByText('No warehouse has sent a reading yet.').waitFor();
      await answerAway(page, '/api/sensors/locations');
      await page.reload();
      await page.getByRole('alert').filter({ hasText: 'The service is away' }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('a customer does not see it', async () => {
      const { page, complaints } = await under().customerPage('/console/sensors');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
