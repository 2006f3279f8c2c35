import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isRunning } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessIdentity} ProcessIdentity */

/**
 * Takes a lock that one process has at a time, or gives the process that has it. It is held until it is released or its process is
 * gone, however that went.
 *
 * A lock is a row of files, `<file>.1`, `<file>.2` and so on; the newest counts. Who finds that its owner is gone makes the next one,
 * which only one of several can do. Taking over never removes the newest, so that nobody can remove the lock that a
 * faster one has just taken; a released lock leaves a file without an owner behind for the same reason.
 *
 * @param {string} file
 * @returns {{ release: () => void } | { owner: ProcessIdentity }}
 */
export const tryLock = (file) => {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.by-${process.pid}`;
  writeFileSync(draft, JSON.stringify(identityOf(process.pid)));
  try {
    for (;;) {
      const [newest = 0] = generations(file);
      const owner = ownerOf(file, newest);
      if (owner !== undefined && isRunning(owner)) return { owner };
      const own = newest + 1;
      if (!linkOnce(draft, `${file}.${own}`)) continue;
      const [first, ...older] = generations(file);
      if (first !== own) {
        rmSync(`${file}.${own}`, { force: true }); // others took and released the lock since we looked
        continue;
      }
      for (const each of older) rmSync(`${file}.${each}`, { force: true });
      return { release: () => writeFileSync(`${file}.${own}`, '') };
    }
  } finally {
    rmSync(draft, { force: true });
  }
};

/**
 * Runs `work` while no other process runs work under the same file. A lock whose process is gone is taken over.
 *
 * @param {string} file
 * @param {() => Promise<void>} work
 */
export const withLock = async (file, work) => {
  const release = await waitForLock(file);
  process.once('exit', release);
  try {
    await work();
  } finally {
    process.off('exit', release);
    release();
  }
};

/** @param {string} file */
const waitForLock = async (file) => {
  for (let told = false; ; told = true) {
    const lock = tryLock(file);
    if ('release' in lock) return lock.release;
    if (!told) {
      console.error(
        `Waiting for process ${lock.owner.pid}, which is installing the dependencies (${file}) …`,
      );
    }
    await sleep(200);
  }
};

/**
 * Which there are, the newest first.
 *
 * @param {string} file
 */
const generations = (file) => {
  const prefix = `${basename(file)}.`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => b - a);
};

/**
 * Undefined when it was released, or is gone, or is none of ours.
 *
 * @param {string} file @param {number} generation @returns {ProcessIdentity | undefined}
 */
const ownerOf = (file, generation) => {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(`${file}.${generation}`, 'utf8'));
    return Number.isInteger(pid) && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
};

/**
 * A link appears whole or not at all, and for one of several processes alone.
 *
 * @param {string} from @param {string} to
 */
const linkOnce = (from, to) => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
};
