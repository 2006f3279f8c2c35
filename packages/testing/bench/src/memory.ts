import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createShopClient, type DemoReporter, runDemo } from '@emporium/e2e';
import { type Shop, startShop } from '@emporium/launcher';
import { freePort, memoryOf } from '@emporium/servers';
import type { Figure } from './report/report.ts';

/** Longer than it takes until idle processes have collected their garbage and closed idle connections. */
const quietMs = 30_000;

/**
 * The memory of every process of the embedded shop and of PostgreSQL after `npm run demo`, at once and after half a minute: the
 * proportional set size, in which memory that processes share counts once.
 */
export const benchMemory = async (): Promise<readonly Figure[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'emporium-memory-'));
  try {
    const shop = await startShop({
      restart: false,
      dataDir,
      port: await freePort(),
      env: { '*': { LOG_LEVEL: 'debug' } }, // as in the demo
    });
    try {
      const started = megabytes(shop.memory());
      await demonstrate(shop);
      const after = eachProcess(shop);
      await sleep(quietMs);
      return [
        { what: 'after the start', unit: 'MB', value: started },
        { what: 'after the demonstration', unit: 'MB', value: sumOf(after), atMost: 1_200 },
        ...after,
        { what: 'half a minute later', unit: 'MB', value: sumOf(eachProcess(shop)) },
      ];
    } finally {
      await shop.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
};

const demonstrate = async (shop: Shop): Promise<void> => {
  const failures: string[] = [];
  const reporter: DemoReporter = {
    section: () => undefined,
    info: () => undefined,
    timeline: () => undefined,
    check: (text, passed) => void (passed || failures.push(text)),
  };
  await runDemo(createShopClient(shop.url, shop.admin), reporter);
  if (failures.length > 0) throw new Error(`checks of the demonstration failed: ${failures.join('; ')}`);
};

const eachProcess = ({ processes, database }: Shop): readonly Figure[] => [
  ...[...processes].map(([name, { pid }]) => figureOf(name, pid === undefined ? 0 : memoryOf(pid))),
  figureOf('PostgreSQL', database.memory()),
];

const figureOf = (name: string, bytes: number): Figure => ({
  what: `  ${name}`,
  unit: 'MB',
  value: megabytes(bytes),
});

const sumOf = (figures: readonly Figure[]): number => figures.reduce((sum, { value }) => sum + value, 0);

const megabytes = (bytes: number): number => bytes / 1e6;
