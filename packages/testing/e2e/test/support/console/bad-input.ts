import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { answerWith, badAnswers } from '../answers.ts';
import { cutStreams, recordText } from '../cut-stream.ts';
import { answerAway } from './answer-away.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';

const hour = 3_600_000;

/** Texts of people and partners, by the names of their fields. */
const texts = new Set([
  ...['name', 'reason', 'note', 'message', 'detail', 'fingerprint', 'error', 'key'],
  ...['location', 'sku', 'subject', 'text', 'refusal'],
]);
const hostile = `<img src=x onerror=alert(1)> كوب أزرق ${'W'.repeat(200)}`;

const withHostileTexts = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (field, each: unknown) =>
      typeof each === 'string' && texts.has(field) ? hostile : each,
    ),
  );

export const badInputCases = (under: () => ConsoleUnderTest) =>
  describe('bad input', () => {
    test('a stream that is cut again and again loses and doubles no event, and nobody is told', async () => {
      const { page, complaints } = await under().administrator('/console/sagas');
      const cuts = await cutStreams(page);
      const orderId = await under().place(await under().customer());
      await page.goto(`/console/orders/${orderId}`);
      await page.getByText('live', { exact: true }).waitFor();
      const said = await recordText(page, 'main p [role=status]');
      const events = page.locator('.order-events > li');
      await events.filter({ hasText: 'delivered' }).waitFor();
      const before = cuts();
      await expect.poll(cuts, { timeout: 15_000 }).toBeGreaterThan(before + 4);
      const { events: recorded } = await under().client.asAdmin<{ events: readonly unknown[] }>(
        'GET',
        `/api/orders/${orderId}/history?limit=500`,
      );
      expect(await events.count()).toBe(recorded.length);
      expect(await said()).toEqual(['live']);
      expect(complaints).toEqual([]);
    });

    test.each([
      ['ahead', hour],
      ['behind', -hour],
    ])('times are by the clock of the shop where the browser is an hour %s', async (_where, wrongBy) => {
      const { page, complaints } = await under().administrator('/console/sagas');
      await page.clock.install({ time: Date.now() + wrongBy });
      await page.route('**/api/admin/sagas?*', (route) =>
        route.fulfill({ headers: { date: new Date().toUTCString() }, json: { sagas: [waitingSaga()] } }),
      );
      await page.goto('/console/sagas');
      const row = page.getByRole('row').filter({ hasText: 'authorise' });
      await row.getByText(/^in [1-3]?\d\.\d s, then/).waitFor();
      await row.getByText(/^1 minute ago$/).waitFor();
      expect(complaints).toEqual([]);
    });

    test('each answer that is none is told, and the page is there again afterwards', async () => {
      const { page } = await under().administrator('/console/subscriptions');
      for (const [name, answer, text] of badAnswers) {
        const answerAgain = await answerWith(page, '/api/admin/traces', answer);
        await page.goto('/console/traces');
        const said = name === '403' ? 'can only be seen by administrators' : text;
        await page.getByText(said).first().waitFor();
        await answerAgain();
        await page.getByRole('table').waitFor();
      }
    });

    test('nobody is signed out because the users cannot be read', async () => {
      const { page, complaints } = await under().administrator('/console/sagas', [503]);
      let answerAgain = await answerAway(page, '/api/users/me');
      await page.reload();
      await page.getByText('The shop does not answer; trying again …').waitFor();
      await answerAgain();
      await page.getByRole('heading', { name: 'Sagas' }).waitFor();
      answerAgain = await answerAway(page, '/session');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('alert').getByText('The service is away').waitFor();
      await answerAgain();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('texts are text whatever they contain, and fit', async () => {
      const orderId = await under().place(await under().customer());
      const { page, complaints } = await under().administrator('/console/sagas');
      await page.route(
        /\/api\/(?:admin\/(?!subscriptions)|orders|sensors\/locations|mails)/,
        async (route) => {
          if (route.request().headers()['accept'] === 'text/event-stream') return route.fallback();
          try {
            const response = await route.fetch();
            await route.fulfill({ response, json: withHostileTexts(await response.json()) });
          } catch {
            // The page was left.
          }
        },
      );
      for (const path of [`/console/orders/${orderId}`, '/console/sensors', '/console/traces']) {
        await page.goto(path);
        await page.getByText('WWWWW').first().waitFor();
        expect(await tooWide(page)).toBe(0);
      }
      expect(complaints).toEqual([]);
    });

    test('who paused something is named', async () => {
      const name = 'loyalty.orders';
      const { page, complaints } = await under().administrator(`/console/subscriptions/${name}`);
      await page.getByLabel(/^Why/).fill(hostile);
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      await page.getByText('(you)').first().waitFor();
      await page
        .getByRole('listitem')
        .filter({ hasText: hostile })
        .filter({ hasText: '(you)' })
        .first()
        .waitFor();
      expect(await tooWide(page)).toBe(0);
      await page.goto('/console/subscriptions');
      await page.getByText(hostile).waitFor();
      expect(await tooWide(page)).toBe(0);
      await page.goto(`/console/subscriptions/${name}`);
      await page.getByRole('button', { name: 'Resume', exact: true }).click();
      await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
      expect(complaints).toEqual([]);
    });
  });

const waitingSaga = () => ({
  ...{ id: '0199d3a0-0000-7000-8000-000000000000', saga: 'fulfilment', state: 'running', step: 'authorise' },
  deadline: { at: new Date(Date.now() + 30_000).toISOString(), isOverdue: false, next: 'retry' },
  startedAt: new Date(Date.now() - 75_000).toISOString(),
});

const tooWide = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
