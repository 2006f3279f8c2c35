import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { answerAway } from './answer-away.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const tasksPageCases = (under: () => ConsoleUnderTest): void => {
  describe('tasks', () => {
    test('a mail that was refused for good is found, and sent after a retry', async () => {
      const { client, shop } = under();
      const email = `refused.${Date.now()}@example.com`;
      await client.http.request('PUT', '/api/mailbox/faults', {
        body: { recipient: email, code: 550, times: 1 },
      });
      await client.register('Refused', email);
      const { page, complaints } = await under().administrator('/console/tasks');
      await page.getByRole('link', { name: 'email.send', exact: true }).click();
      const failed = page
        .getByRole('row')
        .filter({ hasText: email })
        .or(page.getByRole('row').filter({ hasText: '550' }));
      await failed.first().waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.reload();
      await page.getByRole('button', { name: 'Retry' }).first().click();
      await page.getByText('It is tried again.').waitFor();
      await page.getByText('None has failed.').waitFor();
      await expect
        .poll(async () => (await fetch(`${shop.url}/api/mails?to=${email}`)).json(), { timeout: 10_000 })
        .toMatchObject({ total: 1 });
      expect(complaints).toEqual([]);
    });

    test('the board of the queues opens with the same session', async () => {
      const { page } = await under().administrator('/console/tasks');
      await page.getByRole('link', { name: 'board of the queues' }).click();
      await page.waitForURL(/\/admin\/tasks/);
      expect(await page.title()).toContain('Emporium');
    });

    test('while the mail service is away the page says so', async () => {
      const { page, complaints } = await under().administrator('/console/sagas', [503]);
      await answerAway(page, '/api/admin/tasks');
      await page.goto('/console/tasks');
      await page.getByRole('alert').filter({ hasText: 'The service is away' }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('a customer does not see it', async () => {
      const { page, complaints } = await under().customerPage('/console/tasks');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
