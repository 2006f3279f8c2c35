import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertInvariants } from '@emporium/e2e';
import { type Shop, startShop } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import type { Figure } from '../report/report.ts';
import { percentile } from '../report/statistics.ts';
import { type OrderTimes, runOrders } from './order-load.ts';
import { readyShop } from './ready-shop.ts';

const orders = 2_000;
/** Many at a time: each customer waits for their order, so fewer of them would limit the rate. */
const open = 400;

export interface ShopFigures {
  readonly readySeconds: number;
  /** The times at 25 orders a second. */
  readonly calm: OrderTimes;
  /** The times with `open` open orders. */
  readonly full: OrderTimes;
  /** From the last of these orders to the last of their mails, whose worker has a lower CPU priority. */
  readonly mailsAfterSeconds: number;
  /** The memory of all processes and PostgreSQL, in bytes. */
  readonly idleBytes: number;
  readonly loadedBytes: number;
}

/** Orders a second in the whole shop, and the time of one from `POST` to `order.completed`. */
export const benchShop = async (
  busUrl: string | undefined,
  atLeast: number | undefined,
): Promise<readonly Figure[]> => {
  const { readySeconds, calm, full, mailsAfterSeconds, idleBytes, loadedBytes } = await measureShop(busUrl);
  return [
    { what: 'ready after', unit: 's', value: readySeconds, atMost: 15 },
    {
      what: `orders completed, ${open} open at a time`,
      unit: '/s',
      value: full.rate,
      ...(atLeast === undefined ? {} : { atLeast }),
    },
    ...latencies('25 orders/s', calm),
    ...latencies(`${open} open`, full),
    { what: 'the last mail, after the last order', unit: 's', value: mailsAfterSeconds },
    { what: 'resident, idle', unit: 'MB', value: idleBytes / 1e6, atMost: 1_200 },
    { what: 'resident, after the load', unit: 'MB', value: loadedBytes / 1e6 },
  ];
};

/** Measures a new shop over this broker, or the embedded one if undefined, and checks its invariants afterwards. */
export const measureShop = async (busUrl: string | undefined): Promise<ShopFigures> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'emporium-bench-'));
  try {
    const began = Date.now();
    const shop = await startShop({
      restart: false,
      dataDir,
      port: await freePort(),
      ...(busUrl === undefined ? {} : { busUrl }),
      env: { '*': { LOG_LEVEL: 'warn' } },
    });
    const readySeconds = (Date.now() - began) / 1_000;
    try {
      const idleBytes = shop.memory();
      const figures = await loadShop(shop);
      return { readySeconds, ...figures, idleBytes, loadedBytes: shop.memory() };
    } finally {
      await shop.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
};

const loadShop = async (shop: Shop): Promise<Pick<ShopFigures, 'calm' | 'full' | 'mailsAfterSeconds'>> => {
  const { client, place, completions, mailsAreSent, close } = await readyShop(shop);
  try {
    await runOrders({ orders: 500, open, place, completions }); // warms up
    await mailsAreSent();
    const calm = await runOrders({ orders: 200, open: 50, everyMs: 40, place, completions });
    const full = await runOrders({ orders, open, place, completions });
    const ended = Date.now();
    await mailsAreSent();
    const mailsAfterSeconds = (Date.now() - ended) / 1_000;
    await assertInvariants(client);
    return { calm, full, mailsAfterSeconds };
  } finally {
    await close();
  }
};

const latencies = (load: string, { answered, completed }: OrderTimes): readonly Figure[] => [
  { what: `p50 POST to 202, ${load}`, unit: 'ms', value: percentile(answered, 0.5) },
  { what: `p50 POST to order.completed, ${load}`, unit: 'ms', value: percentile(completed, 0.5) },
  { what: `p99 POST to order.completed, ${load}`, unit: 'ms', value: percentile(completed, 0.99) },
];
