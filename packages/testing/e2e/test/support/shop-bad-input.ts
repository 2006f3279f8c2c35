import type { Browser, Page, Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { answerWith, badAnswers } from './answers.ts';
import { openPage } from './browser.ts';
import { cutStreams, recordText } from './cut-stream.ts';
import { type ShopUnderTest, sku } from './shop-under-test.ts';

const hour = 3_600_000;

interface Under {
  readonly under: ShopUnderTest;
  readonly browser: Browser;
}

export const shopBadInputCases = (running: () => Under): void => {
  /** A page of a new customer, who is signed in. */
  const openSignedIn = async (name = 'Grace Hopper') => {
    const { under, browser } = running();
    const customer = await under.client.register(name, `grace.${Date.now()}@example.com`);
    const watched = await openPage(browser, under.shop.url);
    const { email, password } = customer;
    const answer = await watched.page.request.post('/session', {
      data: { email, password },
      headers: { origin: under.shop.url },
    });
    expect(answer.ok()).toBe(true);
    return { ...watched, customer };
  };

  const fillBasket = async (page: Page): Promise<void> => {
    await page.goto('/');
    await page.getByRole('listitem').filter({ hasText: sku }).getByRole('button').click();
    await page.getByRole('link', { name: 'Basket (1)' }).waitFor();
  };

  describe('bad input', () => {
    test('a stream that is cut again and again loses and doubles no entry, and nobody is told', async () => {
      const { page, complaints, customer } = await openSignedIn();
      const cuts = await cutStreams(page);
      const orderId = await running().under.place(customer);
      await page.goto(`/shop/orders/${orderId}`);
      await page.getByText('live', { exact: true }).waitFor();
      const said = await recordText(page, '.page-head [role=status]');
      const entries = page.locator('.history > li');
      await entries.filter({ hasText: 'The parcel was delivered' }).waitFor();
      const before = cuts();
      await expect.poll(cuts, { timeout: 15_000 }).toBeGreaterThan(before + 4);
      const lines = (await entries.allTextContents()).map((line) =>
        line.replace(/ (?:now|\d+ seconds ago)$/, ''),
      );
      expect(lines).toHaveLength(new Set(lines).size);
      expect(lines).toContain('The order is completed');
      expect(await said()).toEqual(['live']);
      expect(complaints).toEqual([]);
    });

    test.each([
      ['ahead', hour],
      ['behind', -hour],
    ])('an order is of now where the browser is an hour %s', async (_where, wrongBy) => {
      const { page, complaints, customer } = await openSignedIn();
      await page.clock.install({ time: Date.now() + wrongBy });
      const orderId = await running().under.place(customer);
      await page.goto(`/shop/orders/${orderId}`);
      await page
        .getByText('You placed the order')
        .getByText(/^(?:now|\d+ seconds ago)$/)
        .waitFor();
      expect(complaints).toEqual([]);
    });

    test('each answer that is none is told, and the page is there again afterwards', async () => {
      const { page, customer } = await openSignedIn();
      await running().under.place(customer);
      for (const [, answer, text] of badAnswers) {
        const answerAgain = await answerWith(page, '/api/orders', answer);
        await page.goto('/shop/orders');
        await page.getByText(text).waitFor();
        await answerAgain();
        await page.getByRole('row').nth(1).waitFor();
      }
    });

    test('an order whose answer is lost is placed once, whatever is answered before it is sent again', async () => {
      const { page, customer } = await openSignedIn();
      await fillBasket(page);
      await page.goto('/shop/check-out');
      const place = page.getByRole('button', { name: 'Place the order' });
      const loseAnswer = async (route: Route): Promise<void> => {
        await route.fetch();
        await route.abort();
      };
      let answerAgain = await answerWith(page, '/api/orders', loseAnswer);
      await place.click();
      await page.getByRole('alert').getByText('Send the order again: it is placed once.').waitFor();
      await answerAgain();
      for (const [, answer, text] of badAnswers.slice(0, 4)) {
        answerAgain = await answerWith(page, '/api/orders', answer);
        await place.click();
        await page.getByRole('alert').getByText(text).waitFor();
        await page.getByRole('link', { name: 'Basket (1)' }).waitFor();
        await answerAgain();
      }
      await place.click();
      await page.getByText('The order is completed').waitFor();
      const { body } = await running().under.client.http.request<{ orders: readonly unknown[] }>(
        'GET',
        '/api/orders',
        { token: customer.token },
      );
      expect(body.orders).toHaveLength(1);
    });

    test.each(['<img src=x onerror=alert(1)> & <b>bold</b>', 'غريس هوبر', 'W'.repeat(200)])(
      'a customer is named %s, and all fits a phone',
      async (name) => {
        const { page, complaints } = await openSignedIn(name);
        await page.setViewportSize({ width: 400, height: 800 });
        await page.goto('/shop/account');
        await page.getByText(name, { exact: true }).waitFor();
        await page.getByText('You have 0 points.').waitFor();
        expect(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        ).toBe(0);
        expect(complaints).toEqual([]);
      },
    );
  });
};
