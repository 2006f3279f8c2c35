import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { seriousViolations, type WatchedPage } from '../browser.ts';
import { sku } from '../shop-under-test.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

/** The lesson beside a page of the console. */
export const lessonOf = (page: Page) => page.getByRole('complementary', { name: 'Lesson' });

const step = (page: Page, heading: string) =>
  lessonOf(page)
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: heading, exact: true }) });

export const isDone = (page: Page, heading: string): Promise<void> =>
  step(page, heading).getByText('✓ Done').waitFor();

export const isNotDone = (page: Page, heading: string): Promise<void> =>
  step(page, heading).getByText('Not yet').waitFor();

/** Begins a lesson as a reader does, and goes to a page of the console with the lesson beside it. */
export const beginLesson = async (
  under: ConsoleUnderTest,
  title: string,
  menuEntry: string,
): Promise<WatchedPage> => {
  // What lessons break makes the shop answer with these.
  const watched = await under.administrator('/console/lessons', [502, 503, 504]);
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

export const isFinished = async ({ page, complaints }: WatchedPage): Promise<void> => {
  await lessonOf(page).getByText('You have done all steps of this lesson.').waitFor();
  expect(complaints).toEqual([]);
};

/** Buys in the shop, in a tab beside the console. Returns the tab, which shows the order. */
export const buyInTab = async (
  { page }: WatchedPage,
  { pieces = 1, card = 'A card that works' }: { readonly pieces?: number; readonly card?: string } = {},
): Promise<Page> => {
  const shop = await page.context().newPage();
  shop.setDefaultTimeout(20_000);
  await shop.goto('/');
  const add = shop
    .getByRole('listitem')
    .filter({ hasText: sku })
    .getByRole('button', { name: 'Add to basket' });
  for (let piece = 0; piece < pieces; piece += 1) await add.click();
  await shop.getByRole('link', { name: `Basket (${pieces})` }).click();
  await shop.getByRole('link', { name: 'Check out' }).click();
  await shop.getByLabel(card).check();
  await shop.getByRole('button', { name: 'Place the order' }).click();
  await shop.waitForURL('**/shop/orders/*');
  return shop;
};

/** Buys in the shop. Returns the id of the order. */
export const buy = async (watched: WatchedPage, pieces = 1): Promise<string> => {
  const shop = await buyInTab(watched, { pieces });
  const orderId = new URL(shop.url()).pathname.split('/').at(-1) ?? '';
  await shop.close();
  return orderId;
};
