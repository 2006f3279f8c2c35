// npm run screenshots: starts a shop, fills it, and writes pictures of its pages to docs/images. --url: takes them of a running shop, in
// which it places orders; its administrator is that of ADMIN_EMAIL and ADMIN_PASSWORD. CHROMIUM is the browser.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startShop } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import { createShopClient } from '../src/index.ts';
import { browserForSuite } from '../test/support/browser.ts';
import { createCamera } from './screenshots/camera.ts';
import { fillShop } from './screenshots/fill-shop.ts';
import { pictures } from './screenshots/pictures.ts';

interface RunningShop {
  readonly url: string;
  readonly admin: { readonly email: string; readonly password: string };
  stop(): Promise<void>;
}

const folder = resolve(import.meta.dirname, '../../../../docs/images');

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { url: { type: 'string' } } });
  const browser = await browserForSuite().launch();
  const shop = values.url === undefined ? await startOwnShop() : runningShop(values.url);
  const client = createShopClient(shop.url, shop.admin, { retryForMs: 30_000 });
  try {
    const filled = await fillShop(client);
    const camera = await createCamera({ browser, url: shop.url, folder, admin: shop.admin, ...filled });
    for (const picture of pictures) {
      for (const look of picture.looks ?? (['light'] as const)) {
        const result = await camera.take(picture, look, { client, filled });
        process.stdout.write(`${result.file}${result.problem === undefined ? '' : `: ${result.problem}`}\n`);
        if (result.problem !== undefined) process.exitCode = 1;
      }
    }
  } finally {
    await client.clearFaults().catch(() => undefined); // the shop may be what has failed
    await browser.close();
    await shop.stop();
  }
};

const startOwnShop = async (): Promise<RunningShop> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'emporium-screenshots-'));
  const { url, admin, stop } = await startShop({ dataDir, port: await freePort() });
  return {
    url,
    admin,
    stop: async () => {
      await stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/** The default administrator is that of docker-compose.yml. */
const runningShop = (url: string): RunningShop => ({
  url,
  admin: {
    email: process.env['ADMIN_EMAIL'] ?? 'admin@emporium.example',
    password: process.env['ADMIN_PASSWORD'] ?? 'development-only',
  },
  stop: () => Promise.resolve(),
});

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
