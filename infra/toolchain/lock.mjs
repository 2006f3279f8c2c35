import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** No install takes this long: an older lock was left behind, and its process id may belong to somebody else by now. */
const oldest = 30 * 60_000;

/**
 * Runs `work` while no other process runs work under the same file. A lock whose process is gone is taken over.
 *
 * @param {string} file
 * @param {() => Promise<void>} work
 */
export const withLock = async (file, work) => {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    const owner = readOwner(file);
    if (owner !== undefined && isAbandoned(file, owner)) breakLock(file, owner);
    else {
      if (!told)
        console.error(
          `Waiting for process ${owner ?? '?'}, which is installing the dependencies (${file}) …`,
        );
      told = true;
      await sleep(200);
    }
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    await work();
  } finally {
    process.off('exit', release);
    release();
  }
};

/** @param {string} file */
const take = (file) => {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
};

/** @param {string} file */
const readOwner = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
};

/** @param {string} file @param {string} owner */
const isAbandoned = (file, owner) => {
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    // A lock is created and then written: an empty one is young, or its process died in between.
    if (age > oldest || owner === '') return age > 5000;
    process.kill(Number(owner), 0);
    return false;
  } catch (error) {
    return hasCode(error, 'ESRCH');
  }
};

/**
 * Moves the lock away before it removes it, so that of two processes that saw the same dead owner one succeeds.
 *
 * @param {string} file @param {string} owner
 */
const breakLock = (file, owner) => {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') === owner) rmSync(aside);
  else renameSync(aside, file);
};

/** @param {unknown} error @param {string} code */
const hasCode = (error, code) => error instanceof Error && 'code' in error && error.code === code;
