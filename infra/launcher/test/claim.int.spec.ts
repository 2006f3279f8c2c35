import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf, type ProcessIdentity } from '@emporium/toolchain/process-identity';
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

  /** Ends `ms` after a SIGTERM, or never. */
  const start = async (ms = 0): Promise<ChildProcess & { pid: number }> => {
    const source = `process.on('SIGTERM', () => setTimeout(() => process.exit(), ${ms})); setInterval(() => {}, 1_000); console.log(1)`;
    const child = spawn(process.execPath, ['-e', source]);
    children.push(child);
    await once(child.stdout, 'data');
    if (child.pid === undefined) throw new Error('it did not start');
    return Object.assign(child, { pid: child.pid });
  };
  const identity = (pid: number): ProcessIdentity => {
    const found = identityOf(pid);
    if (found === undefined) throw new Error(`there is no process ${pid}`);
    return found;
  };
  const dead = { pid: 2 ** 22 - 1, startedAt: 'before' }; // above the highest id that Linux gives by default
  /** What a launcher that was killed leaves behind. */
  const leave = async (owner: ProcessIdentity, ...started: readonly ProcessIdentity[]): Promise<void> => {
    await writeFile(join(dataDir, 'launcher.lock.1'), JSON.stringify(owner));
    await writeFile(join(dataDir, 'processes.json'), JSON.stringify(started));
  };

  test('has one launcher at a time, and another when that one is done', async () => {
    const claim = await claimDataDir(dataDir);
    await expect(claimDataDir(dataDir)).rejects.toThrow(
      `the shop of ${dataDir} is running already, as process ${process.pid}`,
    );
    claim.add(process.ppid);
    await expect(claimDataDir(dataDir)).rejects.toThrow('is running already');
    claim.remove(process.ppid);
    claim.release();
    (await claimDataDir(dataDir)).release();
  });

  test('of several that come at once one has it', async () => {
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => claimDataDir(dataDir)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('of several that come after a killed one, while what it left still drains, one has it', async () => {
    const left = await start(300);
    await leave(dead, identity(left.pid));
    const results = await Promise.allSettled([claimDataDir(dataDir), claimDataDir(dataDir)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(identityOf(left.pid)).toBeUndefined();
    await expect(claimDataDir(dataDir)).rejects.toThrow('is running already');
  });

  test('of a killed launcher is taken over, and what it left running is ended', async () => {
    const left = await start();
    await leave(dead, identity(left.pid));
    const ended = once(left, 'exit');
    await claimDataDir(dataDir);
    expect(identityOf(left.pid)).toBeUndefined();
    expect(await ended).toEqual([0, null]); // on SIGTERM: it was not killed
  });

  test('a stranger that has the id of the launcher, or of what was left, is let be', async () => {
    const [launcher, left] = [await start(), await start()];
    const before = ({ pid }: { pid: number }) => ({ pid, startedAt: 'before' });
    await leave(before(launcher), before(left));
    await claimDataDir(dataDir);
    expect([identityOf(launcher.pid), identityOf(left.pid)]).not.toContain(undefined);
  });

  test('what runs is remembered, and what has ended is not', async () => {
    const claim = await claimDataDir(dataDir);
    const [one, other] = [await start(), await start()];
    claim.add(one.pid);
    claim.add(other.pid);
    claim.remove(one.pid);
    const known: unknown = JSON.parse(await readFile(join(dataDir, 'processes.json'), 'utf8'));
    expect(known).toEqual([identity(other.pid)]);
  });

  test.each(['{"pid":', '', '{}', 'null', '[]'])('a file that holds %j is no claim', async (content) => {
    await writeFile(join(dataDir, 'launcher.lock.1'), content);
    await writeFile(join(dataDir, 'processes.json'), content);
    await expect(claimDataDir(dataDir)).resolves.toBeDefined();
  });
});
