import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf, type ProcessIdentity } from '@emporium/toolchain/process-identity';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockDataDir } from '../src/data-dir-lock.ts';

describe('the lock of a data folder', () => {
  let dataDir: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'emporium-lock-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Starts a process that ends `ms` after a SIGTERM. */
  const start = async (ms = 0): Promise<ChildProcess & { pid: number }> => {
    const source = `process.on('SIGTERM', () => setTimeout(() => process.exit(), ${ms})); setInterval(() => {}, 1_000); console.log(1)`;
    const child = spawn(process.execPath, ['-e', source]);
    children.push(child);
    await once(child.stdout, 'data');
    if (child.pid === undefined) throw new Error('the process did not start');
    return Object.assign(child, { pid: child.pid });
  };
  const identity = (pid: number): ProcessIdentity => {
    const found = identityOf(pid);
    if (found === undefined) throw new Error(`there is no process ${pid}`);
    return found;
  };
  const dead = { pid: 2 ** 22 - 1, startedAt: 'before' }; // Linux assigns lower ids by default
  /** Writes the files that a killed launcher leaves behind. */
  const leave = async (owner: ProcessIdentity, ...started: readonly ProcessIdentity[]): Promise<void> => {
    await writeFile(join(dataDir, 'launcher.lock.1'), JSON.stringify(owner));
    await writeFile(join(dataDir, 'processes.json'), JSON.stringify(started));
  };

  test('belongs to one launcher at a time, and to the next after a release', async () => {
    const lock = await lockDataDir(dataDir);
    await expect(lockDataDir(dataDir)).rejects.toThrow(
      `the shop of ${dataDir} is already running, as process ${process.pid}`,
    );
    lock.add(process.ppid);
    await expect(lockDataDir(dataDir)).rejects.toThrow('is already running');
    lock.remove(process.ppid);
    lock.release();
    (await lockDataDir(dataDir)).release();
  });

  test('goes to one of several launchers at the same time', async () => {
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => lockDataDir(dataDir)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('goes to one of several launchers after a killed one, while its processes are draining', async () => {
    const left = await start(300);
    await leave(dead, identity(left.pid));
    const results = await Promise.allSettled([lockDataDir(dataDir), lockDataDir(dataDir)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(identityOf(left.pid)).toBeUndefined();
    await expect(lockDataDir(dataDir)).rejects.toThrow('is already running');
  });

  test('is taken over from a killed launcher, whose processes are ended', async () => {
    const left = await start();
    await leave(dead, identity(left.pid));
    const ended = once(left, 'exit');
    await lockDataDir(dataDir);
    expect(identityOf(left.pid)).toBeUndefined();
    expect(await ended).toEqual([0, null]); // on SIGTERM: it was not killed
  });

  test('leaves another process alone that has the id of the killed launcher or of its process', async () => {
    const [launcher, left] = [await start(), await start()];
    const before = ({ pid }: { pid: number }) => ({ pid, startedAt: 'before' });
    await leave(before(launcher), before(left));
    await lockDataDir(dataDir);
    expect([identityOf(launcher.pid), identityOf(left.pid)]).not.toContain(undefined);
  });

  test('records running processes, and forgets those that have ended', async () => {
    const lock = await lockDataDir(dataDir);
    const [one, other] = [await start(), await start()];
    lock.add(one.pid);
    lock.add(other.pid);
    lock.remove(one.pid);
    const known: unknown = JSON.parse(await readFile(join(dataDir, 'processes.json'), 'utf8'));
    expect(known).toEqual([identity(other.pid)]);
  });

  test.each(['{"pid":', '', '{}', 'null', '[]'])('ignores a file with the content %j', async (content) => {
    await writeFile(join(dataDir, 'launcher.lock.1'), content);
    await writeFile(join(dataDir, 'processes.json'), content);
    await expect(lockDataDir(dataDir)).resolves.toBeDefined();
  });
});
