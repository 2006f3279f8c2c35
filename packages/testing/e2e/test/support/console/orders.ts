import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { seriousViolations } from '../browser.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

export const ordersPageCases = (under: () => ConsoleUnderTest): void => {
  describe('orders', () => {
    let orderId: string;
    let reference: string;

    beforeAll(async () => {
      orderId = await under().place(await under().customer(), { quantity: 2 });
      reference = orderId.slice(-8);
    });

    /** Until the order is completed and delivered. */
    const openOrder = async (part = '', ignored: readonly number[] = []) => {
      const watched = await under().administrator(`/console/orders/${orderId}${part}`, ignored);
      await watched.page.getByRole('heading', { name: `Order ${reference} completed` }).waitFor();
      return watched;
    };

    test('an order is found in the list, with its saga, payment, parcel and mails', async () => {
      const { page, complaints } = await under().administrator('/console/orders');
      await page.getByRole('row').filter({ hasText: reference }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('link', { name: reference }).click();
      await page.getByRole('heading', { name: `Order ${reference} completed` }).waitFor();
      await page.getByRole('row', { name: /capture done/ }).waitFor();
      await page.getByRole('row', { name: /^ours captured/ }).waitFor();
      await page.getByRole('row', { name: /^the provider’s captured/ }).waitFor();
      await page.getByText('Your order is confirmed').waitFor();
      await page.getByRole('listitem').filter({ hasText: 'delivered' }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test('its messages are a sequence diagram, and a list', async () => {
      const { page, complaints } = await openOrder('/messages');
      const message = page.getByRole('link', {
        name: /payment\.authorise\.v2, message from order to payment/,
      });
      await message.waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByLabel('Show as').selectOption('list');
      await page.getByRole('row', { name: /payment\.authorise\.v2 order payment/ }).waitFor();
      await page.reload();
      await page.getByRole('link', { name: 'payment.authorise.v2' }).click();
      await page.getByRole('heading', { name: /process payment\.authorise\.v2/ }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('the slider goes back in time with the arrow keys, and a reload stays there', async () => {
      const { page, complaints } = await openOrder('/time?version=3');
      await page.getByRole('heading', { name: 'State after version 3' }).waitFor();
      await page.getByRole('row', { name: /changed status|added steps\.authorise/ }).waitFor();
      await page.getByRole('slider').focus();
      await page.keyboard.press('ArrowLeft');
      await page.getByRole('heading', { name: 'State after version 2' }).waitFor();
      await page.getByRole('row', { name: 'added steps.reserve "done"' }).waitFor();
      expect(new URL(page.url()).searchParams.get('version')).toBe('2');
      await page.reload();
      await page.getByRole('row', { name: 'added steps.reserve "done"' }).waitFor();
      await page.getByLabel('With').selectOption('4');
      await page.getByRole('row', { name: 'changed status "confirmed" "placed"' }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test('a piece of it is refunded, and the page says who did it and why', async () => {
      const { page, complaints } = await openOrder();
      await page.getByRole('button', { name: 'Refund …' }).click();
      await page.getByLabel(/2 left/).fill('1');
      await page.getByLabel('Why').fill('<b>broken</b> handle');
      expect(await seriousViolations(page)).toEqual([]);
      await page.getByRole('button', { name: /^Refund €/ }).click();
      await page.getByRole('row').filter({ hasText: 'refunded' }).filter({ hasText: '1 × ' }).waitFor();
      await page
        .getByRole('listitem')
        .filter({ hasText: /refund requested by administrator/ })
        .waitFor();
      await page.getByText('<b>broken</b> handle').first().waitFor();
      expect(complaints).toEqual([]);
    });

    test('a list of none, an order that there is not, and a shop that answers garbage are told apart', async () => {
      const { page, complaints } = await under().administrator(
        `/console/orders?customer=${randomUUID()}&stuck=first`,
        [404],
      );
      await page.getByText('There are none.').waitFor();
      await page.getByText('No order needs attention').waitFor();
      await page.getByLabel('Order id').fill(randomUUID());
      await page.keyboard.press('Enter');
      await page.getByText('There is no such order.').waitFor();
      await answerGarbage(page, '/api/admin/orders*');
      await page.goto('/console/orders');
      await page.getByText('The shop does not answer, so the orders cannot be shown.').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.unroute('/api/admin/orders*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('row').filter({ hasText: reference }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('a customer is told that the console is for administrators', async () => {
      const { page, complaints } = await under().customerPage('/console/orders');
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
};

/** As a proxy that is not ours would. */
const answerGarbage = (page: Page, address: string): Promise<unknown> =>
  page.route(address, (route) => route.fulfill({ status: 200, body: '<p>hello</p>' }));
