import { place } from '../../src/demo/place-order.ts';
import type { ShopClient } from '../../src/index.ts';
import type { WatchedPage } from '../../test/support/browser.ts';
import type { FilledShop } from './fill-shop.ts';

/** Bright, dark, or as narrow as a phone. */
export type Look = 'light' | 'dark' | 'phone';

type Page = WatchedPage['page'];

interface Scene {
  readonly page: Page;
  readonly look: Look;
  readonly client: ShopClient;
  readonly filled: FilledShop;
}

export interface Picture {
  /** Of the file, without its look. */
  readonly name: string;
  readonly as: 'admin' | 'shopper';
  /** Only light by default. */
  readonly looks?: readonly Look[];
  path(filled: FilledShop): string;
  /** Resolves when everything is there that the picture is about. */
  ready(scene: Scene): Promise<void>;
}

const addToBasket = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name: new RegExp(`^Add to basket.*: ${name}$`) }).click();

/** A click scrolls, and leaves the mouse on what it clicked. */
const toTop = async (page: Page): Promise<void> => {
  await page.mouse.move(0, 0);
  await page.evaluate('scrollTo(0, 0)');
};

const placeOrders = async ({ client, filled: { shopper } }: Scene, count: number): Promise<void> => {
  for (let placed = 0; placed < count; placed += 1) await place({ client }, shopper, 'BOOK-2', 1, 'tok_ok');
};

/** In the order in which they are taken: the last ones break something. */
export const pictures: readonly Picture[] = [
  {
    ...{ name: 'shop-products', as: 'shopper', looks: ['light', 'dark', 'phone'], path: () => '/' },
    ready: async ({ page }) => {
      await page.getByRole('heading', { name: 'Desk lamp' }).waitFor();
      await addToBasket(page, 'Mug');
      await page.getByRole('link', { name: 'Basket (1)' }).waitFor();
      await toTop(page);
    },
  },
  {
    ...{ name: 'shop-check-out', as: 'shopper', path: () => '/' },
    ready: async ({ page }) => {
      for (const name of ['Mug', 'Desk lamp']) await addToBasket(page, name);
      await page.getByRole('link', { name: 'Basket (2)' }).click();
      await page.getByRole('link', { name: 'Check out' }).click();
      await page.getByRole('button', { name: 'Place the order' }).waitFor();
      await page.getByText('1 × Desk lamp').waitFor();
    },
  },
  {
    ...{ name: 'shop-order', as: 'shopper', path: ({ orderId }) => `/shop/orders/${orderId}` },
    ready: async ({ page }) => {
      await page.getByText('Payment is taken – done').waitFor();
      await page.getByText('live', { exact: true }).waitFor();
    },
  },
  {
    ...{ name: 'console-flow', as: 'admin', looks: ['light', 'dark', 'phone'], path: () => '/console' },
    ready: async (scene) => {
      const { page, look } = scene;
      const orders = page.getByRole('row', { name: /^order inventory/ });
      await orders.waitFor();
      await placeOrders(scene, 12);
      await orders.getByText(/\d\/(?:s|min)/).waitFor();
      if (look === 'phone') return; // where the table has the same as the drawing
      await page.waitForResponse((response) => response.url().includes('/api/admin/messages'));
      await page.locator('.dot').nth(7).waitFor({ state: 'attached' });
    },
  },
  {
    ...{ name: 'console-order', as: 'admin', path: ({ orderId }) => `/console/orders/${orderId}` },
    ready: async ({ page }) => {
      await page.getByRole('row', { name: /capture done/ }).waitFor();
      await page.getByRole('row', { name: /^the provider’s captured/ }).waitFor();
      await page.getByText('Your order is confirmed').waitFor();
      await page.getByRole('listitem').filter({ hasText: 'delivered' }).first().waitFor();
    },
  },
  {
    name: 'console-messages',
    as: 'admin',
    path: ({ orderId }) => `/console/orders/${orderId}/messages`,
    ready: ({ page }) => page.getByRole('link', { name: /payment\.authorise\.v2 ?, message from/ }).waitFor(),
  },
  {
    name: 'console-time-travel',
    as: 'admin',
    path: ({ orderId }) => `/console/orders/${orderId}/time?version=4&with=2`,
    ready: async ({ page }) => {
      await page.getByRole('heading', { name: 'State after version 4' }).waitFor();
      await page.getByRole('row', { name: /^changed status/ }).waitFor();
    },
  },
  {
    ...{
      name: 'console-trace',
      as: 'admin',
      path: ({ correlationId }) => `/console/traces/${correlationId}`,
    },
    ready: ({ page }) => page.getByRole('treeitem').nth(20).waitFor(),
  },
  {
    name: 'console-dead-letter',
    as: 'admin',
    path: ({ deadLetterId }) => `/console/dead-letters/${deadLetterId}`,
    ready: async ({ page }) => {
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      const editor = page.getByLabel('Edited message');
      await editor.fill((await editor.inputValue()).replace('(at)', '@'));
      await page.getByRole('cell', { name: '/data/email' }).scrollIntoViewIfNeeded();
    },
  },
  {
    ...{ name: 'console-sensors', as: 'admin', path: () => '/console/sensors' },
    ready: async ({ page }) => {
      await page.locator('.temperature-chart canvas').nth(4).waitFor();
      // A line needs two windows of a minute.
      await page.getByRole('img', { name: /^Dubai.* in (?!1 )\d+ minutes$/ }).waitFor({ timeout: 90_000 });
      await page.getByRole('button', { name: 'Break the cooling of Dubai' }).click();
      await page
        .getByRole('row', { name: /Dubai .* too hot/ })
        .first()
        .waitFor();
      await toTop(page);
    },
  },
  {
    ...{ name: 'console-break-it', as: 'admin', path: () => '/console/break-it' },
    ready: async ({ page }) => {
      await page.getByRole('button', { name: 'Break it: The provider declines' }).click();
      await page.getByText('Not normal: the provider declines.').waitFor();
      await toTop(page);
    },
  },
];
