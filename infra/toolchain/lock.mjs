import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isRunning } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessIdentity} ProcessIdentity */

/**
 * Acquires a lock that one process can have at a time, or returns its owner. The lock ends when it is released or its process ends,
 * even when that was killed.
 *
 * A lock is a series of files, `<file>.1`, `<file>.2` and so on, of which the newest counts. A process that finds its owner gone
 * creates the next file, which only one of several processes can do. The newest file is never removed, so that no process can
 * remove a lock that another one has just acquired; for the same reason a released lock leaves an empty file.
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
        rmSync(`${file}.${own}`, { force: true }); // others have acquired and released the lock meanwhile
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
 * Waits for the lock, and runs `work` under it.
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
  for (let reported = false; ; reported = true) {
    const lock = tryLock(file);
    if ('release' in lock) return lock.release;
    if (!reported) {
      console.error(
        `Waiting for process ${lock.owner.pid}, which is installing the dependencies (${file}) …`,
      );
    }
    await sleep(200);
  }
};

/**
 * The numbers of the files, the newest first.
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
 * Undefined when the lock was released, the file is gone, or its content is not an owner.
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
 * Creates a link, which is atomic. False when another process was first.
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
