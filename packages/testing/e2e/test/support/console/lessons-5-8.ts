import type { Page } from 'playwright-core';
import { describe, onTestFinished, test } from 'vitest';
import { eventually } from '../../../src/index.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';
import { beginLesson, buy, isDone, isFinished, isNotDone, lessonOf } from './lesson-reader.ts';

export const lessonsFiveToEightCases = (under: () => ConsoleUnderTest): void => {
  const begin = (title: string, menuEntry: string) => beginLesson(under(), title, menuEntry);

  /** Through the console, on the page of the subscription. Resolves when its consumer has stopped. */
  const pause = async (page: Page, name: string): Promise<void> => {
    await page.getByLabel('Why').fill('a lesson');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await eventually(
      `${name} is paused`,
      () => under().client.status(),
      ({ paused }) => paused.some(({ subscription }) => subscription === name),
    );
  };
  const resume = (page: Page): Promise<void> => page.getByRole('button', { name: 'Resume' }).click();

  const sagaReaches = (orderId: string, step: string) =>
    eventually(
      `order ${orderId} is at ${step}`,
      () => under().client.asAdmin<{ step?: string }>('GET', `/api/admin/sagas/${orderId}`),
      (saga) => saga.step === step,
    );

  const versionOf = async (orderId: string, type: string): Promise<number | undefined> => {
    const { events } = await under().client.asAdmin<{
      events: readonly { type: string; version: number }[];
    }>('GET', `/api/orders/${orderId}/history`);
    return events.find((event) => event.type === type)?.version;
  };

  /** Gives one piece back, on the page of an order. */
  const refundOne = async (page: Page, left: number): Promise<void> => {
    await page.getByRole('button', { name: 'Refund …' }).click();
    await page.getByLabel(`${left} left`).fill('1');
    await page.getByLabel('Why').fill(`broken handle of piece ${left}`);
    await page.getByRole('button', { name: /^Refund \D*\d/ }).click();
  };

  describe('lessons 5 to 8', () => {
    test('out of order', async () => {
      const watched = await begin('Out of order', 'Orders');
      const { page } = watched;
      onTestFinished(async () => {
        const names = ['shipping.commands', 'order.replies'];
        await Promise.allSettled(names.map((name) => under().client.resumeSubscription(name, 'it failed')));
      });
      await isNotDone(page, 'Hold the parcels back');
      await lessonOf(page).getByRole('link', { name: 'shipping.commands' }).first().click();
      await pause(page, 'shipping.commands');
      await isDone(page, 'Hold the parcels back');
      await isNotDone(page, 'Place an order');
      const replies = await page.context().newPage();
      await replies.goto('/console/subscriptions/order.replies');
      await sagaReaches(await buy(watched), 'dispatch');
      await pause(replies, 'order.replies');
      await resume(page);
      await isDone(page, 'Place an order');
      await isDone(page, 'Hold the replies back, and let the parcel go');
      await isDone(page, 'See the delivery come first');
      await isNotDone(page, 'Let the replies in');
      await resume(replies);
      await isDone(page, 'Let the replies in');
      await isFinished(watched);
    });

    test('time travel', async () => {
      const watched = await begin('Time travel', 'Orders');
      const { page } = watched;
      await isNotDone(page, 'Order two pieces');
      const orderId = await buy(watched, 2);
      const name = orderId.slice(-8);
      await isDone(page, 'Order two pieces');
      await isNotDone(page, 'Give one piece back');
      await page.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { name: `Order ${name} completed` }).waitFor();
      await refundOne(page, 2);
      await isDone(page, 'Give one piece back');
      await isNotDone(page, 'Change it once more');
      await page.getByRole('link', { name: 'Time travel', exact: true }).click();
      await page.getByText('refund requested: broken handle of piece 2').waitFor({ state: 'attached' });
      const completed = await versionOf(orderId, 'completed');
      await page.getByRole('slider').fill(String(completed));
      await page.getByRole('heading', { name: `State after version ${completed}` }).waitFor();
      await page.getByRole('row', { name: /status/ }).waitFor();
      await page.getByText('refunded €').waitFor({ state: 'detached' }); // the state is read
      await page.getByRole('link', { name: 'Overview' }).click();
      await refundOne(page, 1);
      await isDone(page, 'Change it once more');
      await isFinished(watched);
    });

    test('a projection rebuilt', async () => {
      const watched = await begin('A projection rebuilt', 'Orders');
      const { page } = watched;
      await isNotDone(page, 'Place an order');
      await buy(watched);
      await isDone(page, 'Place an order');
      await isNotDone(page, 'Build the list again');
      await lessonOf(page).getByRole('link', { name: 'Projections' }).first().click();
      await page.getByRole('button', { name: 'Rebuild customer-orders' }).click();
      await isDone(page, 'Build the list again');
      await isDone(page, 'See that nothing is lost');
      await isNotDone(page, 'Place another order');
      await buy(watched);
      await isDone(page, 'Place another order');
      await isFinished(watched);
    });

    test('scale out', async () => {
      const watched = await begin('Scale out', 'Break it');
      const { page } = watched;
      await isNotDone(page, 'Add a process');
      await page.getByRole('button', { name: 'Add one payment' }).click();
      await isDone(page, 'Add a process');
      await buy(watched);
      await buy(watched);
      await isNotDone(page, 'Give both some work');
      await buy(watched);
      await isDone(page, 'Give both some work');
      await isNotDone(page, 'Kill the first one');
      await page.getByRole('button', { name: 'Kill payment', exact: true }).click();
      await isDone(page, 'Kill the first one');
      await isNotDone(page, 'Place an order all the same');
      await buy(watched);
      await isDone(page, 'Place an order all the same');
      await isNotDone(page, 'Back to normal');
      await page.getByRole('button', { name: 'Everything back to normal' }).click();
      await page.getByText('Everything is normal.', { exact: true }).waitFor();
      await isDone(page, 'Back to normal');
      await isFinished(watched);
    });
  });
};
