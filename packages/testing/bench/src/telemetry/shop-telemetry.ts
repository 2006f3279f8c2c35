import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Shop, startShop } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import type { Figure } from '../report/report.ts';
import { percentile } from '../report/statistics.ts';
import { type OrderLoad, type OrderTimes, runOrders } from '../shop/order-load.ts';
import { type ReadyShop, readyShop } from '../shop/ready-shop.ts';
import { comparisons, measureInTurns } from './compare-modes.ts';
import { modes, off, type TelemetryMode } from './modes.ts';
import { startSpanSink } from './start-span-sink.ts';

const rounds = 5;
const full = { orders: 400, open: 200 };
const calm = { orders: 75, open: 50, everyMs: 40 };

interface RunningShop {
  readonly shop: Shop;
  readonly ready: ReadyShop;
  stop(): Promise<void>;
}

interface Round {
  readonly full: OrderTimes;
  readonly calm: OrderTimes;
  /** Processor time of the services for each order, in milliseconds. */
  readonly cpuMs: number;
}

/** The whole embedded shop, a shop for each mode. They take turns; a shop that waits only handles its sensors. */
export const benchShopTelemetry = async (): Promise<readonly Figure[]> => {
  const sink = await startSpanSink();
  const shops = new Map<TelemetryMode, RunningShop>();
  try {
    for (const mode of [off, ...modes]) shops.set(mode, await start(mode, sink.url));
    const results = await measureInTurns(rounds, async (mode) => measure(shops.get(mode)));
    const of = (value: (round: Round) => number) =>
      new Map([...results].map(([mode, all]) => [mode, all.map(value)]));
    return [
      ...comparisons(
        { what: 'orders', unit: '/s', goals: true },
        of((round) => round.full.rate),
      ),
      ...comparisons(
        { what: 'CPU per order', unit: 'ms' },
        of((round) => round.cpuMs),
      ),
      ...comparisons(
        { what: 'p50 at 25/s', unit: 'ms' },
        of((round) => percentile(round.calm.completed, 0.5)),
      ),
      ...comparisons(
        { what: 'p99 at 25/s', unit: 'ms' },
        of((round) => percentile(round.calm.completed, 0.99)),
      ),
    ];
  } finally {
    await Promise.all([...shops.values()].map((each) => each.stop()));
    sink.stop();
  }
};

const start = async (mode: TelemetryMode, spansUrl: string): Promise<RunningShop> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'emporium-telemetry-'));
  const shop = await startShop({
    restart: false,
    dataDir,
    port: await freePort(),
    env: {
      '*': { LOG_LEVEL: 'warn', ...mode.env(spansUrl) },
      'sensor-simulator': { READINGS_PER_SECOND: '1' },
    },
  });
  const ready = await readyShop(shop);
  return {
    shop,
    ready,
    stop: async () => {
      await ready.close();
      await shop.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

const measure = async (running: RunningShop | undefined): Promise<Round> => {
  if (running === undefined) throw new Error('there is no shop for this mode');
  const { shop, ready } = running;
  const load = (options: Pick<OrderLoad, 'orders' | 'open' | 'everyMs'>) =>
    runOrders({ ...options, place: ready.place, completions: ready.completions });
  const before = await cpuMsOf(shop);
  const atFullLoad = await load(full);
  await ready.mailsAreSent();
  const cpuMs = ((await cpuMsOf(shop)) - before) / full.orders;
  return { full: atFullLoad, cpuMs, calm: await load(calm) };
};

/** The processor time of all services so far. 0 where there is no /proc. */
const cpuMsOf = async ({ processes }: Shop): Promise<number> => {
  let ticks = 0;
  for (const { pid } of processes.values()) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    // pid (command) state …; the command may contain spaces and parentheses. Then fields 14 and 15 of proc(5), in 1/100 s.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks * 10;
};
