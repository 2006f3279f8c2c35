import type { Page } from 'playwright-core';

/** The gateway's answer while a service is away. Returns a function that lets it answer again. */
export const answerAway = async (page: Page, path: string): Promise<() => Promise<void>> => {
  const pattern = (url: URL): boolean => url.pathname === path;
  await page.route(pattern, (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 503, detail: 'The service is away; try again.' }),
    }),
  );
  return () => page.unroute(pattern);
};
