import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const layoutCases = (under: () => ConsoleUnderTest) =>
  describe('the frame of all pages', () => {
    test('a session that ends is signed in again, at the same address', async () => {
      const { page, complaints } = await under().administrator('/console/sagas?state=completed', [401]);
      await page.getByRole('heading', { name: 'Sagas' }).waitFor();
      await page.context().clearCookies();
      await page.getByText('Your session has ended.').waitFor();
      const { email, password } = under().shop.admin;
      await page.getByLabel('Address').fill(email);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Sagas' }).waitFor();
      expect(page.url()).toContain('/console/sagas?state=completed');
      expect(complaints).toEqual([]);
    });

    test('a paused view says so, and reads nothing', async () => {
      const { page } = await under().administrator('/console/sagas');
      await page.getByRole('heading', { name: 'Sagas' }).waitFor();
      await page.getByRole('button', { name: 'Pause the view' }).click();
      await page.getByText(/The view is paused since/).waitFor();
      let reads = 0;
      page.on('request', () => {
        reads += 1;
      });
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(reads).toBe(0);
      await page.getByRole('button', { name: 'Go on live' }).click();
      await page.waitForRequest((request) => request.url().includes('/api/admin/sagas'));
    });

    test('a keyboard goes past the menu, and a page that is opened has the focus and its title', async () => {
      const { page } = await under().administrator('/console');
      await page.getByRole('heading', { name: 'Flow' }).waitFor();
      await page.keyboard.press('Tab');
      await page.getByRole('link', { name: 'Skip to the content' }).press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      await page.getByRole('link', { name: 'Sagas' }).click();
      await page.getByRole('heading', { name: 'Sagas' }).waitFor();
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      await expect.poll(() => page.title()).toBe('Sagas · Emporium console');
      await page.goBack();
      await expect.poll(() => page.title()).toBe('Flow · Emporium console');
    });

    test('fits a phone', async () => {
      const { page } = await under().administrator('/console');
      await page.setViewportSize({ width: 400, height: 800 });
      await page.getByRole('row').nth(1).waitFor();
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(wide)).toBe(0);
      expect(await seriousViolations(page)).toEqual([]);
    });
  });
