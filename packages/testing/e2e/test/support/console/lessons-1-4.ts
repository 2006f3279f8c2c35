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
