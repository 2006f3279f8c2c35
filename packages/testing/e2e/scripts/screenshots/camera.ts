import { join } from 'node:path';
import type { Customer, ShopClient } from '../../src/index.ts';
import { type BrowserForSuite, type WatchedPage, watchedPage } from '../../test/support/browser.ts';
import type { FilledShop } from './fill-shop.ts';
import type { Look, Picture } from './pictures.ts';

type Browser = Awaited<ReturnType<BrowserForSuite['launch']>>;
type Context = Awaited<ReturnType<Browser['newContext']>>;
type Session = Awaited<ReturnType<Context['storageState']>>;
type Credentials = Pick<Customer, 'email' | 'password'>;

interface CameraOptions {
  readonly browser: Browser;
  readonly url: string;
  /** Where the files go. */
  readonly folder: string;
  readonly admin: Credentials;
  readonly shopper: Credentials;
}

const looks = {
  light: { suffix: '', width: 1_280, height: 800, colorScheme: 'light' },
  dark: { suffix: '-dark', width: 1_280, height: 800, colorScheme: 'dark' },
  phone: { suffix: '-phone', width: 400, height: 800, colorScheme: 'light' },
} as const satisfies Record<Look, object>;

/** Takes pictures as a shopper and as an administrator, who are signed in. */
export const createCamera = async ({ browser, url, folder, admin, shopper }: CameraOptions) => {
  const sessions = {
    admin: await signIn(browser, url, admin),
    shopper: await signIn(browser, url, shopper),
  };

  const open = async ({ as }: Picture, look: Look): Promise<WatchedPage & { readonly context: Context }> => {
    const { width, height, colorScheme } = looks[look];
    const context = await browser.newContext({
      ...{ baseURL: url, locale: 'en-GB', timezoneId: 'UTC' },
      ...{ viewport: { width, height }, colorScheme, storageState: sessions[as] },
    });
    return { context, ...(await watchedPage(context, [])) };
  };

  return {
    /** `problem`: there is no picture, because what is to be seen did not appear, or because the page complained. */
    take: async (
      picture: Picture,
      look: Look,
      about: { readonly client: ShopClient; readonly filled: FilledShop },
    ): Promise<{ readonly file: string; readonly problem?: string }> => {
      const file = join(folder, `${picture.name}${looks[look].suffix}.png`);
      const { context, page, complaints } = await open(picture, look);
      try {
        await page.goto(picture.path(about.filled));
        await picture.ready({ page, look, ...about });
        if (complaints.length > 0) return { file, problem: complaints.join('; ') };
        await page.screenshot({ path: file, scale: 'css' });
        return { file };
      } catch (error) {
        return { file, problem: error instanceof Error ? error.message : String(error) };
      } finally {
        await context.close();
      }
    },
  };
};

const signIn = async (browser: Browser, url: string, { email, password }: Credentials): Promise<Session> => {
  const context = await browser.newContext({ baseURL: url });
  const answer = await context.request.post('/session', {
    data: { email, password },
    headers: { origin: url },
  });
  if (!answer.ok())
    throw new Error(
      `${url} does not accept the password of ${email} (${answer.status()}): set ADMIN_EMAIL and ADMIN_PASSWORD to those of its administrator`,
    );
  const session = await context.storageState();
  await context.close();
  return session;
};
