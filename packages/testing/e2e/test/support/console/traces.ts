import { beforeAll, describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const tracesPageCases = (under: () => ConsoleUnderTest): void => {
  describe('traces', () => {
    let orderId: string;

    beforeAll(async () => {
      orderId = await under().place(await under().customer());
    });

    test('a trace is a waterfall, whose spans show their attributes, by mouse and keyboard', async () => {
      const { page, complaints } = await under().administrator('/console/traces');
      const row = page.getByRole('row').filter({ hasText: orderId.slice(-8) });
      await row.waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await row.getByRole('link', { name: 'POST /api/orders' }).click();
      await page.getByRole('treeitem', { name: /gateway POST \/api\/orders/ }).click();
      await page.getByRole('row', { name: 'http.route /api/orders' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('row', { name: 'service.peer.name order' }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.reload();
      await page.getByRole('row', { name: 'service.peer.name order' }).waitFor();
      await page.getByRole('button', { name: 'Zoom to it' }).click();
      await page.getByRole('button', { name: 'The whole time' }).click();
      const first = page.getByRole('treeitem').first();
      await first.focus();
      expect(await first.getAttribute('aria-expanded')).toBe('true');
      expect(complaints).toEqual([]);
    });

    test('a collapsed span hides what follows from it', async () => {
      const { page, complaints } = await under().administrator('/console/traces');
      await page
        .getByRole('row')
        .filter({ hasText: orderId.slice(-8) })
        .getByRole('link', { name: 'POST /api/orders' })
        .click();
      await page.getByRole('treeitem').nth(3).waitFor();
      await page.getByRole('treeitem').first().click();
      await page.keyboard.press('ArrowLeft');
      await expect.poll(() => page.getByRole('treeitem').count()).toBe(1);
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => page.getByRole('treeitem').count()).toBeGreaterThan(3);
      expect(complaints).toEqual([]);
    });

    test('an id without spans, and a shop that answers garbage, are told apart', async () => {
      const { page, complaints } = await under().administrator('/console/traces/no-such-request', [404]);
      await page.getByText('There are no spans with this correlation id').waitFor();
      await page.route('/api/admin/traces*', (route) => route.fulfill({ status: 200, body: 'hello' }));
      await page.goto('/console/traces?only=all');
      await page.getByText('The shop does not answer, so the traces cannot be shown.').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test('a customer is told that the console is for administrators', async () => {
      const { page, complaints } = await under().customerPage('/console/traces');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
