import { v7 as uuid } from 'uuid';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../../src/index.ts';
import { seriousViolations } from '../browser.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

const subscription = 'email.welcome';

const envelope = (id: string, name: string, email: string) => ({
  ...{ specversion: '1.0', id, source: '/emporium/elsewhere', type: 'user.registered' },
  ...{ time: new Date().toISOString(), subject: id, datacontenttype: 'application/json' },
  correlationid: id,
  data: { userId: id, name, email },
});

export const deadLettersPageCases = (under: () => ConsoleUnderTest): void => {
  /** Sends a message that its contract refuses, and waits until it is a dead letter. */
  const poison = async (name = 'Barbara'): Promise<{ id: string; messageId: string }> => {
    const { client } = under();
    const messageId = uuid();
    const body = envelope(messageId, name, `${messageId}(at)example.com`);
    await client.asAdmin('POST', '/api/admin/messages', { subscription, body });
    const found = await eventually(
      'it is a dead letter',
      async () =>
        (await client.deadLetters(`subscription=${subscription}&limit=100`)).find(
          (each) => each.messageId === messageId,
        ),
      (each) => each !== undefined,
    );
    return { id: found?.id ?? '', messageId };
  };
  const pageOf = (id: string) => `/console/dead-letters/${id}`;
  const replaysOf = async (id: string) =>
    (await under().client.audit(id)).filter(({ action }) => action === 'dead-letter.replay');

  describe('dead letters', () => {
    test('a customer is told that the console is for administrators', async () => {
      const { page, complaints } = await under().customerPage('/console/dead-letters');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('one is found by its group, repaired by hand, sent once and handled', async () => {
      const { id, messageId } = await poison('<b>Barbara</b> שלום');
      const { page, complaints } = await under().administrator('/console/dead-letters');
      const group = page.getByRole('row').filter({ hasText: subscription }).first();
      await group.getByRole('link').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await group.getByRole('link').click();
      await page.getByRole('link', { name: id.slice(-8) }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('link', { name: id.slice(-8) }).click();
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      const editor = page.getByLabel('Edited message');
      const text = await editor.inputValue();
      await page
        .getByText(/data\.email .*address/)
        .first()
        .waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await editor.fill(text.replace('"name":', 'name:'));
      await page.getByText(/line \d+, column \d+: expected a name in double quotes/).waitFor();
      const send = page.getByRole('button', { name: 'Send it edited' });
      expect(await send.isDisabled()).toBe(true);
      await editor.fill(text.replace('(at)', '@'));
      await page.getByRole('cell', { name: '/data/email' }).waitFor();
      await send.dblclick();
      await page.getByText('handled', { exact: true }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.reload();
      await page.getByText('replay, edited by').waitFor();
      await page.getByRole('button', { name: 'Raw' }).click();
      await page.getByRole('button', { name: 'Bytes' }).click();
      await page.reload();
      await page.getByRole('button', { name: 'Bytes', pressed: true }).waitFor();
      expect(await replaysOf(id)).toHaveLength(1);
      await expect.poll(() => under().client.mails(`${messageId}@example.com`)).toHaveLength(1);
      expect(complaints).toEqual([]);
    });

    test('of two administrators one sends it, and the other sees what happened', async () => {
      const { id, messageId } = await poison();
      const one = await under().administrator(pageOf(id));
      const other = await under().administrator(pageOf(id), [409]);
      for (const { page } of [one, other])
        await page.getByRole('button', { name: 'Edit', exact: true }).waitFor();
      // The other page is not read again, as if its network were slow.
      await other.page.getByRole('button', { name: 'Pause the view' }).click();
      for (const { page } of [one, other]) {
        await page.getByRole('button', { name: 'Edit', exact: true }).click();
        const editor = page.getByLabel('Edited message');
        await editor.fill((await editor.inputValue()).replace('(at)', '@'));
        await page.getByRole('cell', { name: '/data/email' }).waitFor();
      }
      await one.page.getByRole('button', { name: 'Send it edited' }).click();
      await one.page.getByText('handled', { exact: true }).waitFor();
      await other.page.getByRole('button', { name: 'Send it edited' }).click();
      await other.page.getByText('The dead letter was replayed before.').waitFor();
      await other.page.getByRole('button', { name: 'Go on live' }).click();
      await other.page.getByText('handled', { exact: true }).waitFor();
      expect(await replaysOf(id)).toHaveLength(1);
      await expect.poll(() => under().client.mails(`${messageId}@example.com`)).toHaveLength(1);
      expect([...one.complaints, ...other.complaints]).toEqual([]);
    });

    test('a group is replayed by a job, fails again, which is marked, and is discarded', async () => {
      const [{ id } = { id: '' }] = await Promise.all(Array.from({ length: 6 }, () => poison()));
      const { group = '' } = await under().client.asAdmin<{ group?: string }>(
        'GET',
        `/api/admin/dead-letters/${id}`,
      );
      const { page, complaints } = await under().administrator(`/console/dead-letters/list?group=${group}`);
      await page.getByLabel('Rate', { exact: true }).selectOption('1');
      await page.getByRole('button', { name: 'Replay all' }).click();
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      await page.getByText('paused', { exact: true }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('button', { name: '1000 a second' }).click();
      await page.getByRole('button', { name: 'Go on', exact: true }).click();
      await page.getByText('finished', { exact: true }).waitFor();
      await page.getByText(/of this group were replayed and/).waitFor();
      await page.getByRole('link', { name: 'What it handles' }).click();
      await page.getByText('replayed once, failed again').first().waitFor();
      await page.getByLabel('Why they are not needed').fill('A test of a partner');
      await page.getByRole('button', { name: 'Discard all' }).click();
      await page.getByText('finished', { exact: true }).waitFor();
      await page.getByText(/discard job of \d+/).waitFor();
      await page.goto(pageOf(id));
      await page.getByText('It was discarded').waitFor();
      expect(complaints).toEqual([]);
    });

    test('the pages say that there is none, and that the shop is away', async () => {
      const { page, complaints } = await under().administrator(
        '/console/dead-letters?subscription=nobody',
        [503, 404],
      );
      await page.getByText('None match the filter.').waitFor();
      const detail = 'The service does not answer.';
      await page.route('**/api/admin/dead-letters/**', (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: JSON.stringify({ detail }),
        }),
      );
      await page.reload();
      await page.getByText(detail).waitFor();
      await page.unroute('**/api/admin/dead-letters/**');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('None match the filter.').waitFor();
      await page.goto('/console/dead-letters/no-such-id');
      await page.getByText('There is no such dead letter.').waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
