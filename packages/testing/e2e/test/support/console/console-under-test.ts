import type { Browser, BrowserContext } from 'playwright-core';
import { type BrowserForSuite, type WatchedPage, watchedPage } from '../browser.ts';
import { type ShopUnderTest, startShopUnderTest } from '../shop-under-test.ts';

export interface ConsoleUnderTest extends ShopUnderTest {
  readonly browser: Browser;
  /** A page of an administrator. `ignored`: statuses that the test provokes, which a browser logs as errors. */
  administrator(path: string, ignored?: readonly number[]): Promise<WatchedPage>;
  /** A page of a customer, who may not see the console. */
  customerPage(path: string): Promise<WatchedPage>;
}

/** One embedded shop and one browser, for the cases of all pages. */
export const startConsoleUnderTest = async (chromium: BrowserForSuite): Promise<ConsoleUnderTest> => {
  const under = await startShopUnderTest({ url: undefined, stop: async () => undefined });
  const browser = await chromium.launch();
  const sessions = new Map<string, Promise<State>>();

  /** Each signs in once: its pages begin with that session, in profiles of their own. */
  const sessionOf = (credentials: Credentials): Promise<State> => {
    const known = sessions.get(credentials.email) ?? signIn(browser, under.shop.url, credentials);
    sessions.set(credentials.email, known);
    return known;
  };

  const open = async (credentials: Credentials, path: string, ignored: readonly number[]) => {
    const storageState = await sessionOf(credentials);
    const context = await browser.newContext({ baseURL: under.shop.url, locale: 'en-GB', storageState });
    const watched = await watchedPage(context, ignored);
    await watched.page.goto(path);
    return watched;
  };

  return {
    ...under,
    browser,
    administrator: (path, ignored = []) => open(under.shop.admin, path, ignored),
    customerPage: async (path) => open(await under.customer(), path, [403]),
    stop: async () => {
      await browser.close();
      await under.stop();
    },
  };
};

type State = Awaited<ReturnType<BrowserContext['storageState']>>;
type Credentials = ShopUnderTest['shop']['admin'];

const signIn = async (browser: Browser, url: string, { email, password }: Credentials): Promise<State> => {
  const context = await browser.newContext({ baseURL: url });
  const answer = await context.request.post('/session', {
    data: { email, password },
    headers: { origin: url },
  });
  if (!answer.ok()) throw new Error(`signing in was answered with ${answer.status()}`);
  const state = await context.storageState();
  await context.close();
  return state;
};
