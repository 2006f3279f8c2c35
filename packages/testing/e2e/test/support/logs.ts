import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ShopUnderTest } from './shop-under-test.ts';

/** What all the processes wrote while the other cases ran: these come last. */
export const logCases = (shop: () => ShopUnderTest): void => {
  const readLogs = async (): Promise<string[]> => {
    const { logDir } = shop().shop;
    const files = (await readdir(logDir)).filter((name) => name.endsWith('.log'));
    const texts = await Promise.all(files.map((name) => readFile(join(logDir, name), 'utf8')));
    return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  };

  describe('the logs', () => {
    test('tell no payment token, no address of a customer, and no secret', async () => {
      const { admin } = shop().shop;
      const secrets = ['tok_', '@example.com', 'a long enough password', admin.password, admin.email];
      const lines = await readLogs();
      expect(lines.length).toBeGreaterThan(100);
      expect(lines.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
    });

    test('tell of no request that failed and of no error that nobody caught', async () => {
      const bad = (await readLogs()).filter(
        (line) => line.includes('"request failed"') || line.includes('"level":"fatal"'),
      );
      expect(bad).toEqual([]);
    });
  });
};
