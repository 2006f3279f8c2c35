import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkLine } from '@emporium/service/log-schema';
import { describe, expect, test } from 'vitest';
import type { ShopUnderTest } from './shop-under-test.ts';

/** Checks the logs of all processes. These cases must be the last. */
export const logCases = (shop: () => ShopUnderTest): void => {
  const readLogs = async (): Promise<string[]> => {
    const { logDir } = shop().shop;
    const files = (await readdir(logDir)).filter((name) => name.endsWith('.log'));
    const texts = await Promise.all(files.map((name) => readFile(join(logDir, name), 'utf8')));
    return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  };

  describe('the logs', () => {
    test('contain no payment token, no customer address and no secret', async () => {
      const { admin } = shop().shop;
      const secrets = [
        'tok_',
        '@example.com',
        'long password',
        '#token=',
        'a long enough password',
        admin.password,
        admin.email,
      ];
      const lines = await readLogs();
      expect(lines.length).toBeGreaterThan(100);
      expect(lines.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
    });

    test('have one event on each line, with declared fields, and the ids of its request, message or task', async () => {
      const lines = await readLogs();
      const problems = lines.flatMap((line) => checkLine(line).map((problem) => `${problem}: ${line}`));
      expect(problems.slice(0, 10)).toEqual([]);
      const missing = lines.filter(
        (line) =>
          /"message":"(handled|done|answered|retry: .*|failed, and .*)"/.test(line) &&
          !line.includes('"emporium.correlation_id"'),
      );
      expect(missing.slice(0, 10)).toEqual([]);
      expect(lines.filter((line) => line.includes('"emporium.task.name"')).length).toBeGreaterThan(0);
    });

    test('contain no failed request and no uncaught error', async () => {
      const bad = (await readLogs()).filter(
        (line) => line.includes('"request failed"') || line.includes('"log.level":"fatal"'),
      );
      expect(bad).toEqual([]);
    });
  });
};
