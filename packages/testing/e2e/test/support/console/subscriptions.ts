import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { answerAway } from './answer-away.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const subscriptionsPageCases = (under: () => ConsoleUnderTest): void => {
  describe('subscriptions', () => {
    test('lists what waits, by name or contract, and keeps the filter over a reload', async () => {
      const { page, complaints } = await under().administrator('/console/subscriptions');
      await page.getByRole('row', { name: /^loyalty\.orders active/ }).waitFor();
      await page.getByText('Broker: postgres up').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByLabel('Name or contract').fill('order.refunded');
      await page.getByRole('row', { name: /^payment\.commands/ }).waitFor({ state: 'detached' });
      await page.reload();
      await page.getByRole('row', { name: /^loyalty\.orders/ }).waitFor();
      expect(await page.getByRole('row', { name: /^payment\.commands/ }).count()).toBe(0);
      await page.getByLabel('Name or contract').fill('nothing has this name');
      await page.getByText('No subscription matches.').waitFor();
      expect(complaints).toEqual([]);
    });

    test('one is paused with a reason and resumed, and the page says who did it', async () => {
      const { page, complaints } = await under().administrator('/console/subscriptions/bridge.webhooks');
      await page.getByLabel('Why').fill('<i>a look</i>');
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      await page.getByText(/^paused of bridge/).waitFor();
      await page
        .getByRole('listitem')
        .filter({ hasText: 'subscription.pause' })
        .filter({ hasText: '<i>' })
        .waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.reload();
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByText(/^active of bridge/).waitFor();
      await page.getByRole('listitem').filter({ hasText: 'subscription.resume' }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('what controls a service cannot be paused', async () => {
      const { page, complaints } = await under().administrator('/console/subscriptions/bridge.control');
      await page.getByText(/It cannot be paused/).waitFor();
      expect(complaints).toEqual([]);
    });

    test('while operations is away the page says so, and comes back', async () => {
      const { page, complaints } = await under().administrator('/console/sagas', [503]);
      const back = await answerAway(page, '/api/admin/subscriptions');
      await page.goto('/console/subscriptions');
      await page.getByRole('alert').filter({ hasText: 'The service is away' }).waitFor();
      await back();
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('row', { name: /^loyalty\.orders/ }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('a customer does not see it', async () => {
      const { page, complaints } = await under().customerPage('/console/subscriptions');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
