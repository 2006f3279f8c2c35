import { existsSync } from 'node:fs';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A browser of this machine, or the reason why there is none. */
export interface BrowserForSuite {
  readonly available: boolean;
  title(suite: string): string;
  launch(): Promise<Browser>;
}

/** `CHROMIUM` is the program. `REQUIRE_BROKERS` with `chromium` in it turns a missing one into a failure. */
export const browserForSuite = (): BrowserForSuite => {
  const program = process.env['CHROMIUM'] ?? programs.find((each) => existsSync(each));
  const reason = `no Chromium is installed (${programs.join(', ')}) and CHROMIUM is not set`;
  if (program === undefined) {
    const required = (process.env['REQUIRE_BROKERS'] ?? '').split(',').includes('chromium');
    if (required) throw new Error(`REQUIRE_BROKERS names chromium, but ${reason}`);
    return {
      available: false,
      title: (suite) => `${suite} (skipped: ${reason})`,
      launch: () => Promise.reject(new Error(reason)),
    };
  }
  return {
    available: true,
    title: (suite) => suite,
    launch: () =>
      chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-dev-shm-usage'] }),
  };
};

/** A page with everything that it complained about: errors, and what its policy blocked. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** A page of a browser profile of its own. `ignored`: statuses that the test provokes, which a browser logs as errors. */
export const openPage = async (
  browser: Browser,
  url: string,
  ignored: readonly number[] = [],
): Promise<WatchedPage> => watchedPage(await browser.newContext({ baseURL: url, locale: 'en-GB' }), ignored);

/** A new page of a profile that may be signed in. */
export const watchedPage = async (
  context: BrowserContext,
  ignored: readonly number[],
): Promise<WatchedPage> => {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const isIgnored = ignored.some((status) => message.text().includes(`status of ${status}`));
    if (message.type() === 'error' && !isIgnored) complaints.push(message.text());
  });
  return { page, complaints };
};

/** What axe finds on the page as it is, of serious or critical impact. */
export const seriousViolations = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axe.source); // the policy of the page does not apply to it
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
};
