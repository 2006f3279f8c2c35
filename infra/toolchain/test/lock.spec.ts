import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../src/run.ts';

const holder = fileURLToPath(new URL('fixtures/hold-lock.mjs', import.meta.url));

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emporium-lock-'));
  file = join(folder, 'deep/lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const hold = async (time: number): Promise<{ code: number; lines: string[] }> => {
  const { code, output } = await run(process.execPath, [holder, file, String(time)], { capture: true });
  return { code, lines: output.trim().split('\n') };
};

/** A process id that nobody has any more. */
const deadProcess = async (): Promise<number> => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid!;
};

describe('the lock', { timeout: 30_000 }, () => {
  test('lets one process work at a time, and the others wait and say for whom', async () => {
    const order: string[] = [];
    const watch = async () => {
      const result = await hold(400);
      order.push(...result.lines);
      return result;
    };
    const results = await Promise.all([watch(), watch(), watch()]);
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(order.filter((line) => line === 'taken')).toHaveLength(3);
    expect(order.filter((line) => line.startsWith('Waiting for process'))).toHaveLength(2);
    expect(existsSync(file)).toBe(false);
  });

  test('is taken over from a process that is gone', async () => {
    await hold(0);
    writeFileSync(file, String(await deadProcess()));
    expect(await hold(0)).toEqual({ code: 0, lines: ['taken', 'released'] });
  });

  test('is taken over when it is older than any install', async () => {
    await hold(0);
    writeFileSync(file, String(process.pid));
    const anHourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(file, anHourAgo, anHourAgo);
    expect(await hold(0)).toEqual({ code: 0, lines: ['taken', 'released'] });
  });
});
