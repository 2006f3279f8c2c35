import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { answerAway } from './answer-away.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

const toNormal = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Everything back to normal' }).click();
  await page.getByText('Everything is normal.').waitFor();
};

const processRow = (page: Page, name: string, state: string) =>
  page.getByRole('row', { name: new RegExp(`^${name} ${state}`) });

export const breakItPageCases = (under: () => ConsoleUnderTest): void => {
  describe('break it', () => {
    test('the provider declines, mails wait and a subscription is paused, until one button', async () => {
      const { page, complaints } = await under().administrator('/console/break-it');
      await page.getByRole('link', { name: 'Break it' }).waitFor();
      await page.getByText('Everything is normal.').waitFor();
      await page.getByRole('button', { name: 'Break it: The provider declines' }).click();
      await page.getByText('Not normal: the provider declines.').waitFor();
      const orderId = await under().place(await under().customer());
      await expect
        .poll(async () => (await under().client.adminOrder(orderId)).status, { timeout: 10_000 })
        .toBe('cancelled');
      await page.getByText('1 request so far').waitFor();
      await page.getByRole('button', { name: 'Break it: The mail server says later' }).click();
      await page.getByText(/Not normal: .*mail server refuses/).waitFor();
      await page.getByRole('button', { name: 'Break it: loyalty.orders is paused' }).click();
      await page.getByText(/Not normal: .*loyalty\.orders is paused/).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.reload();
      await page.getByText(/Not normal: .*loyalty\.orders is paused/).waitFor();
      await toNormal(page);
      expect(complaints).toEqual([]);
    });

    test('processes are killed, frozen and added, and all run again after one button', async () => {
      const { page, complaints } = await under().administrator('/console/break-it');
      await page.getByRole('button', { name: 'Kill loyalty' }).click();
      await processRow(page, 'loyalty', 'down').waitFor();
      await page.getByRole('button', { name: 'Freeze bridge' }).click();
      await processRow(page, 'bridge', 'frozen').waitFor();
      await page.getByRole('button', { name: 'Add one loyalty' }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Add one email-worker' }).click();
      await processRow(page, 'email-worker-2', 'running').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await toNormal(page);
      await processRow(page, 'loyalty', 'running').waitFor();
      await processRow(page, 'bridge', 'running').waitFor();
      expect(await processRow(page, 'email-worker-2', '').count()).toBe(0);
      expect(complaints).toEqual([]);
      const { entries } = await under().client.asAdmin<{ entries: { action: string }[] }>(
        'GET',
        '/api/admin/audit?target=loyalty',
      );
      expect(entries.map(({ action }) => action)).toEqual(['process.start', 'process.kill']);
    });

    test('without the launcher, and while a simulator is away, the page says so', async () => {
      const { page, complaints } = await under().administrator('/console/sagas', [404, 503]);
      await answerAway(page, '/simulator/faults');
      await page.route('**/api/admin/processes', (route) =>
        route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"status":404}' }),
      );
      await page.goto('/console/break-it');
      await page.getByText('Something else than the launcher runs this shop').waitFor();
      await page.getByText('Its state is not known').first().waitFor();
      expect(complaints).toEqual([]);
    });

    test('where the outside world is real nothing can be broken', async () => {
      const { page, complaints } = await under().administrator('/console/sagas', [404]);
      await page.route('**/simulator/faults', (route) => route.fulfill({ status: 404, body: '' }));
      await page.goto('/console/break-it');
      await page.getByText('Faults can be pressed in development only.').waitFor();
      expect(await page.getByRole('link', { name: 'Break it' }).count()).toBe(0);
      expect(complaints).toEqual([]);
    });

    test('a customer does not see it', async () => {
      const { page, complaints } = await under().customerPage('/console/break-it');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
