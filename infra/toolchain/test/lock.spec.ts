import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
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

const newest = (): string =>
  join(
    dirname(file),
    readdirSync(dirname(file))
      .toSorted((a, b) => Number(a.split('.').at(-1)) - Number(b.split('.').at(-1)))
      .at(-1) ?? '',
  );

/** Makes `owner` the owner of the lock. */
const leaveLock = (owner: object): void => writeFileSync(newest(), JSON.stringify(owner));

/** The id of a process that has ended. */
const deadProcess = async (): Promise<number> => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid!;
};

describe('the lock', { timeout: 30_000 }, () => {
  test('lets one process work at a time; the others wait and say for which process', async () => {
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
  });

  test('is taken over from a process that has ended', async () => {
    await hold(0);
    leaveLock({ pid: await deadProcess(), startedAt: 'before' });
    expect(await hold(0)).toEqual({ code: 0, lines: ['taken', 'released'] });
  });

  test('is taken over from a process whose id was reused', async () => {
    await hold(0);
    leaveLock({ pid: process.pid, startedAt: 'before' });
    expect(await hold(0)).toEqual({ code: 0, lines: ['taken', 'released'] });
  });

  test.each(['', '{', 'null', '7'])('is taken over when its file contains %j', async (content) => {
    await hold(0);
    writeFileSync(newest(), content);
    expect(await hold(0)).toEqual({ code: 0, lines: ['taken', 'released'] });
  });

  test('of an ended process is taken over by one process at a time', async () => {
    const dead = { pid: await deadProcess(), startedAt: 'before' };
    await hold(0);
    for (let round = 0; round < 5; round += 1) {
      leaveLock(dead);
      const results = await Promise.all(Array.from({ length: 6 }, () => hold(20)));
      expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]); // 1: two had the lock
    }
  });

  test('leaves one file behind', async () => {
    for (let round = 0; round < 3; round += 1) await hold(0);
    expect(readdirSync(dirname(file))).toEqual([basename(newest())]);
  });
});
