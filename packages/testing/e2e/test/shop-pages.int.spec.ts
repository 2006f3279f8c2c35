import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserForSuite, openPage, seriousViolations } from './support/browser.ts';
import { type ShopUnderTest, sku, startShopUnderTest } from './support/shop-under-test.ts';

const chromium = browserForSuite();

describe.skipIf(!chromium.available)(chromium.title('the pages of the shop in a browser'), () => {
  let under: ShopUnderTest;
  let browser: Browser;

  beforeAll(async () => {
    under = await startShopUnderTest({ url: undefined, stop: async () => undefined });
    browser = await chromium.launch();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await under?.stop();
  });

  const password = 'a long enough password';
  const address = () => `shopper.${Date.now()}@example.com`;

  test('a customer registers, buys something and watches the order complete', async () => {
    // The session is asked for before there is one.
    const { page, complaints } = await openPage(browser, under.shop.url, [401]);
    await page.goto('/');
    const product = page.getByRole('listitem').filter({ hasText: sku });
    await product.getByRole('button', { name: 'Add to basket' }).click();
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'Basket (1)' }).click();
    await page.getByRole('link', { name: 'Check out' }).click();
    await page.getByRole('link', { name: 'Register' }).click();
    await page.getByLabel('Name').fill('Ada Lovelace');
    await page.getByLabel('Address').fill(address());
    await page.getByLabel('Password').fill(password);
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByRole('heading', { name: 'Check out' }).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Place the order' }).click();
    await page.getByText('The order is completed').waitFor();
    await page.getByText('Payment is taken – done').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await page.reload();
    await page.getByText('The order is completed').waitFor();
    await page.getByRole('link', { name: 'Basket (0)' }).waitFor();
    await page.getByRole('link', { name: 'My orders' }).click();
    await page.getByRole('row').filter({ hasText: 'completed' }).waitFor();
    await page.getByRole('link', { name: 'My account' }).click();
    await page.getByText('Ada Lovelace').waitFor();
    await page.getByText(/for order/).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a declined card cancels the order, and the page says why', async () => {
    const { page, complaints } = await openPage(browser, under.shop.url, [401]);
    const { email } = await under.customer();
    await page.goto('/');
    await page.getByRole('listitem').filter({ hasText: sku }).getByRole('button').click();
    await page.goto('/shop/check-out');
    await page.getByLabel('Address').fill(email);
    await page.getByLabel('Password').fill('wrong wrong wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The address or the password is wrong.').waitFor();
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('A declined card').check();
    await page.getByRole('button', { name: 'Place the order' }).click();
    await page.getByText(/The order was cancelled/).waitFor();
    await page.getByText('Stock is reserved – compensated', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });
});
