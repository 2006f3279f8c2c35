import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimDataDir } from '../src/claim.ts';

describe('a data folder', () => {
  let dataDir: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'emporium-claim-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });

  /** A process with this word in its command line, that ends on SIGTERM. */
  const start = async (word: string): Promise<ChildProcess & { pid: number }> => {
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1_000)', word]);
    children.push(child);
    await once(child.stdout, 'data');
    if (child.pid === undefined) throw new Error('it did not start');
    return Object.assign(child, { pid: child.pid });
  };
  const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;
  const holderIs = (holder: object) => writeFile(join(dataDir, 'launcher.json'), JSON.stringify(holder));
  const dead = { pid: 2 ** 22 - 1, command: 'a launcher' }; // above the highest id that Linux gives by default

  test('has one launcher at a time, and another when that one is done', async () => {
    const claim = await claimDataDir(dataDir);
    await expect(claimDataDir(dataDir)).rejects.toThrow(
      `the shop of ${dataDir} is running already, as process ${process.pid}`,
    );
    claim.add({ pid: 1, main: 'init' });
    await expect(claimDataDir(dataDir)).rejects.toThrow('is running already');
    await claim.release();
    await (await claimDataDir(dataDir)).release();
    expect(await readdir(dataDir)).toEqual([]);
  });

  test('of two that come at once one has it', async () => {
    const results = await Promise.allSettled([claimDataDir(dataDir), claimDataDir(dataDir)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('of a killed launcher is taken over, and what it left running is ended', async () => {
    const left = await start('left-over');
    await holderIs({ ...dead, started: [{ pid: left.pid, main: 'left-over' }] });
    const ended = once(left, 'exit');
    const claim = await claimDataDir(dataDir);
    await ended;
    expect(left.signalCode).toBe('SIGTERM');
    await claim.release();
  });

  test('a stranger that has the id of what was left is let be', async () => {
    const stranger = await start('something-else');
    const launcher = { pid: stranger.pid, command: 'a launcher' };
    await holderIs({ ...launcher, started: [{ pid: stranger.pid, main: 'left-over' }] });
    await claimDataDir(dataDir);
    expect(isRunning(stranger)).toBe(true);
  });

  test('what was started is remembered', async () => {
    const claim = await claimDataDir(dataDir);
    claim.add({ pid: 7, main: 'order/src/main.ts' });
    claim.add({ pid: 8, main: 'email/src/main.ts' });
    const holder = JSON.parse(await readFile(join(dataDir, 'launcher.json'), 'utf8'));
    expect(holder).toMatchObject({
      pid: process.pid,
      started: [
        { pid: 7, main: 'order/src/main.ts' },
        { pid: 8, main: 'email/src/main.ts' },
      ],
    });
  });

  test('a file that nobody can read is no claim', async () => {
    await writeFile(join(dataDir, 'launcher.json'), '{"pid":');
    await expect(claimDataDir(dataDir)).resolves.toBeDefined();
  });
});
