import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserForSuite, openPage, seriousViolations } from './support/browser.ts';
import { shopBadInputCases } from './support/shop-bad-input.ts';
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

  shopBadInputCases(() => ({ under, browser }));

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

  test('names are text whatever they contain, a changed price is marked, and all fits a phone', async () => {
    const names = {
      'HOSTILE-HTML': '<img src=x onerror=alert(1)> & <b>bold</b>',
      'HOSTILE-RTL': 'كوب أزرق للشاي والقهوة',
      'HOSTILE-LONG': 'W'.repeat(200),
    };
    for (const [each, name] of Object.entries(names))
      await under.client.stock({ sku: each, name, price: { amount: 1_000, currency: 'EUR' } }, 5);
    const { page, complaints } = await openPage(browser, under.shop.url, [401]);
    await page.setViewportSize({ width: 400, height: 800 });
    const tooWide = () =>
      page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    await page.goto('/?q=hostile');
    for (const [each, name] of Object.entries(names)) {
      const product = page.getByRole('listitem').filter({ hasText: each });
      await product.getByRole('heading', { name, exact: true }).waitFor();
      await product.getByRole('button', { name: 'Add to basket' }).click();
    }
    expect(await tooWide()).toBe(0);
    await page.getByRole('link', { name: 'Basket (3)' }).click();
    await page.getByRole('row').nth(3).waitFor();
    expect(await page.title()).toBe('Basket · Emporium');
    const changed = await under.client.http.request('PUT', '/api/admin/products/HOSTILE-RTL/price', {
      token: await under.client.adminLogin(),
      body: { price: { amount: 1_500, currency: 'EUR' } },
    });
    expect(changed.status).toBeLessThan(300);
    await page.getByText('dearer: it was €10.00 a piece, and is €15.00').waitFor();
    expect(await tooWide()).toBe(0);
    expect(await seriousViolations(page)).toEqual([]);
    await page.reload();
    await page.getByText('dearer: it was').waitFor();
    const { email } = await under.customer();
    await page.goto('/shop/check-out');
    await page.getByLabel('Address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    for (const name of Object.values(names)) await page.getByText(name, { exact: true }).waitFor();
    expect(await tooWide()).toBe(0);
    await page.getByRole('button', { name: 'Place the order' }).click();
    await page.getByText('The order is completed').waitFor();
    expect(await tooWide()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
