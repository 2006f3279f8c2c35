import type { Page, Route } from 'playwright-core';

type Fulfil = (route: Route) => Promise<void>;

const problem =
  (status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Fulfil =>
  (route) =>
    route.fulfill({
      status,
      headers,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status, detail }),
    });

/** Answers that an API gives when something is wrong, and what a page says then. */
export const badAnswers: readonly (readonly [name: string, answer: Fulfil, said: string])[] = [
  ['403', problem(403, 'It is not yours.'), 'It is not yours.'],
  ['409', problem(409, 'Somebody was faster.'), 'Somebody was faster.'],
  ['429', problem(429, 'Too many.', { 'retry-after': '7' }), 'Too many. Try again in 7 seconds.'],
  ['503', problem(503, 'A service is away.'), 'A service is away.'],
  ['garbage', (route) => route.fulfill({ status: 200, body: '<p>hello</p>' }), 'The shop does not answer'],
  ['nothing of use', (route) => route.fulfill({ status: 200, body: '{}' }), 'The shop does not answer'],
  ['none', (route) => route.abort(), 'The shop does not answer'],
];

/** Lets an address of the API answer so. Returns a function that lets it answer as usual again. */
export const answerWith = async (page: Page, path: string, answer: Fulfil): Promise<() => Promise<void>> => {
  const pattern = (url: URL): boolean => url.pathname === path;
  await page.route(pattern, answer);
  return () => page.unroute(pattern);
};
