import { describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';
import { beginLesson, buyInTab, isDone, isFinished, isNotDone, lessonOf } from './lesson-reader.ts';

export const lessonsOneToFourCases = (under: () => ConsoleUnderTest): void => {
  describe('lessons 1 to 4', () => {
    const begin = (title: string, menuEntry: string) => beginLesson(under(), title, menuEntry);

    test('a decoupled failure', async () => {
      const watched = await begin('A decoupled failure', 'Break it');
      const { page } = watched;
      await isNotDone(page, 'Stop the loyalty service');
      await page.getByRole('button', { name: 'Kill loyalty' }).click();
      await isDone(page, 'Stop the loyalty service');
      await isNotDone(page, 'Buy something');
      const shop = await buyInTab(watched);
      await shop.getByText('The order is completed').waitFor();
      await isDone(page, 'Buy something');
      await isDone(page, 'Find the message that waits');
      await isNotDone(page, 'Start it again');
      await page.reload();
      await isDone(page, 'Find the message that waits');
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Start loyalty' }).click();
      await isDone(page, 'Start it again');
      await isFinished(watched);
      await lessonOf(page).getByRole('link', { name: 'Lesson 1' }).click();
      await page.getByRole('button', { name: 'Begin again' }).click();
      await page.getByText('0 of 4 steps are done.').waitFor();
    });

    test('duplicate delivery', async () => {
      const watched = await begin('Duplicate delivery', 'Break it');
      const { page } = watched;
      await isNotDone(page, 'Send the same message twice');
      await page.getByRole('button', { name: 'Send it: A message arrives twice' }).click();
      await isDone(page, 'Send the same message twice');
      await isDone(page, 'Find both deliveries');
      await isDone(page, 'Count the mails');
      const sent = page.getByRole('main').getByRole('status').getByRole('link');
      await sent.click();
      await page.getByRole('heading', { name: 'Request 2' }).waitFor();
      await isNotDone(page, 'Pay twice, and be charged once');
      const shop = await buyInTab(watched, { card: 'Charged, but the answer is lost' });
      await shop.getByText('The order is completed').waitFor();
      await isDone(page, 'Pay twice, and be charged once');
      await isFinished(watched);
    });

    test('poison and repair', async () => {
      const watched = await begin('Poison and repair', 'Break it');
      const { page } = watched;
      await isNotDone(page, 'Send a poison message');
      await page.getByRole('button', { name: 'Send it: A poison message arrives' }).click();
      await isDone(page, 'Send a poison message');
      await isNotDone(page, 'See the others go on');
      const messageId = await page
        .getByRole('main')
        .getByRole('status')
        .getByRole('link')
        .getAttribute('href');
      await page.getByRole('button', { name: 'Send it: A message arrives twice' }).click();
      await isDone(page, 'See the others go on');
      await isNotDone(page, 'Repair it and send it again');
      const [deadLetter] = (await under().client.deadLetters('subscription=email.welcome&limit=100')).filter(
        (each) => messageId?.includes(each.messageId),
      );
      await page.getByRole('navigation').getByRole('link', { name: 'Dead letters' }).click();
      await page.getByRole('row').filter({ hasText: 'email.welcome' }).getByRole('link').first().click();
      await page.getByRole('link', { name: deadLetter?.id.slice(-8) ?? 'none' }).click();
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      const editor = page.getByLabel('Edited message');
      await editor.fill((await editor.inputValue()).replace('(at)', '@'));
      await page.getByRole('cell', { name: '/data/email' }).waitFor();
      await page.getByRole('button', { name: 'Send it edited' }).click();
      await isDone(page, 'Repair it and send it again');
      await isDone(page, 'See the mail arrive');
      await isFinished(watched);
    });

    test('compensation', async () => {
      const watched = await begin('Compensation', 'Break it');
      const { page } = watched;
      await isNotDone(page, 'Make the carrier refuse');
      await page.getByRole('button', { name: 'Break it: The carrier refuses' }).click();
      await isDone(page, 'Make the carrier refuse');
      await isNotDone(page, 'Buy something');
      await (await buyInTab(watched)).getByText(/The order was cancelled/).waitFor();
      await isDone(page, 'Buy something');
      await isDone(page, 'Follow the money');
      await isNotDone(page, 'Repair it and buy again');
      await page.getByRole('button', { name: 'Everything back to normal' }).click();
      await page.getByText('Everything is normal.', { exact: true }).waitFor();
      await (await buyInTab(watched)).getByText('The order is completed').waitFor();
      await isDone(page, 'Repair it and buy again');
      await isFinished(watched);
    });

    test('the lesson beside a page is folded, stays so, fits a phone and is closed', async () => {
      const { page, complaints } = await begin('A decoupled failure', 'Sagas');
      await page.setViewportSize({ width: 400, height: 800 });
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(wide)).toBe(0);
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Hide the lesson' }).click();
      await lessonOf(page).getByText('Lesson 1: 0 of 4').waitFor();
      await page.reload();
      await page.getByRole('button', { name: 'Show the lesson' }).click();
      await isNotDone(page, 'Stop the loyalty service');
      await page.getByRole('button', { name: 'Close the lesson' }).click();
      await lessonOf(page).waitFor({ state: 'detached' });
      expect(complaints).toEqual([]);
    });

    test('where the outside world is real the lessons can only be read, and an unknown one is not there', async () => {
      const { page, complaints } = await under().administrator('/console/sagas', [404]);
      await page.route('**/simulator/faults', (route) => route.fulfill({ status: 404, body: '' }));
      await page.goto('/console/lessons/a-decoupled-failure');
      await page.getByText('here you can read them').waitFor();
      await page.getByRole('heading', { name: 'Stop the loyalty service' }).waitFor();
      expect(await page.getByRole('button', { name: 'Begin' }).count()).toBe(0);
      await page.goto('/console/lessons/no-such-lesson');
      await page.getByRole('heading', { name: 'There is no such lesson' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};
