import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const flowPageCases = (under: () => ConsoleUnderTest) =>
  describe('flow', () => {
    test('an order is seen as rates, as messages that pass, and as the last messages of an edge', async () => {
      const { page, complaints } = await under().administrator('/console');
      await page.getByRole('button', { name: /^Messages from order to inventory/ }).waitFor();
      // The answer with what has passed before the page was opened.
      await page.waitForResponse((response) => response.url().includes('/api/admin/messages'));
      await under().place(await under().customer());
      await page.locator('.dot').first().waitFor({ state: 'attached' });
      await page.getByRole('button', { name: /^Messages from order to inventory, \d/ }).focus();
      await page.keyboard.press('Enter');
      const panel = page.getByRole('complementary', { name: 'order → inventory' });
      await panel
        .getByRole('link', { name: /inventory\.reserve-stock/ })
        .first()
        .waitFor();
      expect(await page.title()).toBe('Flow · Emporium console');
      expect(await seriousViolations(page)).toEqual([]);
      await page.reload();
      await panel
        .getByRole('link', { name: /inventory\.reserve-stock/ })
        .first()
        .waitFor();
      await page.getByRole('heading', { name: 'order → inventory' }).focus();
      await page.keyboard.press('Escape');
      await panel.waitFor({ state: 'detached' });
      expect(new URL(page.url()).search).toBe('');
      expect(complaints).toEqual([]);
    });

    test('a subscription is paused with a reason, its queue is seen to grow, and it is resumed', async () => {
      const { page, complaints } = await under().administrator('/console?edge=order~loyalty');
      const panel = page.getByRole('complementary', { name: 'order → loyalty' });
      await panel.getByLabel('Why').fill('<b>looking</b>');
      await panel.getByRole('button', { name: 'Pause loyalty.orders' }).click();
      await panel.getByText('loyalty.orders is paused.').waitFor();
      await panel.getByText('<b>looking</b>').waitFor();
      await under().place(await under().customer());
      await page.getByRole('button', { name: /from order to loyalty.*[1-9]\d* waiting, paused/ }).waitFor();
      await panel.getByRole('button', { name: 'Resume loyalty.orders' }).click();
      await panel.getByText('loyalty.orders is resumed.').waitFor();
      await page
        .getByRole('button', { name: /from order to loyalty.*waiting/ })
        .waitFor({ state: 'detached' });
      expect(complaints).toEqual([]);
    });

    test('a service that is away is seen, and the page without what cannot be read', async () => {
      const { page } = await under().administrator('/console?service=loyalty', [502, 503, 504]);
      await page.getByRole('button', { name: 'loyalty, ready' }).waitFor();
      await page.route('**/api/admin/service-graph*', (route) => route.abort());
      await page.reload();
      await page.getByText('Rates and errors cannot be read now.').waitFor();
      await page.getByRole('button', { name: 'loyalty, ready' }).waitFor();
      await page.route('**/api/admin/subscriptions', (route) =>
        route.fulfill({ status: 503, contentType: 'text/html', body: 'garbage' }),
      );
      await page.reload();
      await page.getByRole('alert').getByText('The shop does not answer').waitFor();
    });

    test('nothing moves for people who want no motion, and the table has the same', async () => {
      const { page, complaints } = await under().administrator('/console');
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await page.waitForResponse((response) => response.url().includes('/api/admin/messages'));
      await under().place(await under().customer());
      const row = page.getByRole('row').filter({ hasText: 'inventory.commands' });
      await row.getByText(/\d\/(?:s|min)/).waitFor();
      expect(await page.locator('.dot').count()).toBe(0);
      expect(complaints).toEqual([]);
    });
  });
