import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { seriousViolations, type WatchedPage } from '../browser.ts';
import { sku } from '../shop-under-test.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

const lessonOf = (page: Page) => page.getByRole('complementary', { name: 'Lesson' });
const step = (page: Page, heading: string) =>
  lessonOf(page).getByRole('listitem').filter({ hasText: heading });
const isDone = (page: Page, heading: string) => step(page, heading).getByText('✓ Done').waitFor();
const isNotDone = (page: Page, heading: string) => step(page, heading).getByText('Not yet').waitFor();

/** Buys one piece in the shop, in a tab beside the console, and leaves the shop open. */
const buy = async ({ page }: WatchedPage, card = 'A card that works'): Promise<Page> => {
  const shop = await page.context().newPage();
  shop.setDefaultTimeout(20_000);
  await shop.goto('/');
  const product = shop.getByRole('listitem').filter({ hasText: sku });
  await product.getByRole('button', { name: 'Add to basket' }).click();
  await shop.getByRole('link', { name: 'Basket (1)' }).click();
  await shop.getByRole('link', { name: 'Check out' }).click();
  await shop.getByLabel(card).check();
  await shop.getByRole('button', { name: 'Place the order' }).click();
  return shop;
};

export const lessonsOneToFourCases = (under: () => ConsoleUnderTest): void => {
  describe('lessons 1 to 4', () => {
    /** Begins a lesson as a reader does, and goes to a page of the console with the lesson beside it. */
    const begin = async (title: string, menuEntry: string): Promise<WatchedPage> => {
      // Faults that are pressed make the shop answer with these.
      const watched = await under().administrator('/console/lessons', [502, 503, 504]);
      const { page } = watched;
      await page.getByRole('link', { name: title }).click();
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      await page.getByRole('button', { name: 'Begin', exact: true }).click();
      await page.getByText('Not yet').first().waitFor();
      expect(await page.getByText('✓ Done').count()).toBe(0);
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('navigation').getByRole('link', { name: menuEntry }).click();
      await lessonOf(page).getByRole('heading', { name: title }).waitFor();
      return watched;
    };

    const isFinished = async ({ page, complaints }: WatchedPage): Promise<void> => {
      await lessonOf(page).getByText('You have done all steps of this lesson.').waitFor();
      expect(complaints).toEqual([]);
    };

    test('a decoupled failure', async () => {
      const watched = await begin('A decoupled failure', 'Break it');
      const { page } = watched;
      await isNotDone(page, 'Stop the loyalty service');
      await page.getByRole('button', { name: 'Kill loyalty' }).click();
      await isDone(page, 'Stop the loyalty service');
      await isNotDone(page, 'Buy something');
      const shop = await buy(watched);
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
      const shop = await buy(watched, 'Charged, but the answer is lost');
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
      await (await buy(watched)).getByText(/The order was cancelled/).waitFor();
      await isDone(page, 'Buy something');
      await isDone(page, 'Follow the money');
      await isNotDone(page, 'Repair it and buy again');
      await page.getByRole('button', { name: 'Everything back to normal' }).click();
      await page.getByText('Everything is normal.', { exact: true }).waitFor();
      await (await buy(watched)).getByText('The order is completed').waitFor();
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

    test('where the outside world is real the lessons can only be read, and there is no tenth', async () => {
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
