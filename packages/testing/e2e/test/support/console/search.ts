import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { sku } from '../shop-under-test.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const searchPageCases = (under: () => ConsoleUnderTest) =>
  describe('search', () => {
    test('the id of an order leads to its page, and back leads to where one was', async () => {
      const orderId = await under().place(await under().customer());
      const { page } = await under().administrator('/console/sagas', [404]);
      await page.getByLabel('Search by id').fill(orderId);
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/console/orders/${orderId}`);
      await page.goBack();
      await page.getByRole('heading', { name: 'Sagas' }).waitFor();
    });

    test('a sku leads to its product', async () => {
      const { page } = await under().administrator(`/console/search?id=${sku.toLowerCase()}`, [404]);
      await page.waitForURL(`**/?q=${sku}`);
    });

    test('an id that nothing has is shown as it is, with what was asked', async () => {
      const id = '<img src=x onerror=alert(1)>مرحبا';
      const { page, complaints } = await under().administrator(
        `/console/search?id=${encodeURIComponent(id)}`,
        [404],
      );
      await page.getByText(`Nothing has the id ${id}.`).waitFor();
      await page.getByText('Asked, and not known as: a product.').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test('what does not answer is named', async () => {
      const { page } = await under().administrator('/console/sagas', [404, 503]);
      await page.route('**/api/products*', (route) => route.fulfill({ status: 503, body: '{}' }));
      await page.getByLabel('Search by id').fill('no-such-id');
      await page.keyboard.press('Enter');
      await page.getByText('No answer now, so that it may still be: a product.').waitFor();
    });
  });
