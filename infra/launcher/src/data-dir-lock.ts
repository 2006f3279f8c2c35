import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcess } from '@emporium/servers';
import { tryLock } from '@emporium/toolchain/lock';
import { identityOf, isRunning, type ProcessIdentity } from '@emporium/toolchain/process-identity';

/** The exclusive use of a data folder: a second launcher would stop the database of the first. */
export interface DataDirLock {
  /** Records a started process, so that the next launcher can end it when this one is killed. */
  add(pid: number): void;
  /** Removes the record of a process that has ended. */
  remove(pid: number): void;
  release(): void;
}

/** Time for the processes of a killed launcher to drain before they are killed, in milliseconds. */
const drainMs = 12_000;

/**
 * Locks the folder for this process, and ends the processes that a killed launcher left running. Throws when another process runs
 * the shop of this folder.
 */
export const lockDataDir = async (dataDir: string): Promise<DataDirLock> => {
  await mkdir(dataDir, { recursive: true });
  const lock = tryLock(join(dataDir, 'launcher.lock'));
  if ('owner' in lock) {
    throw new Error(
      `the shop of ${dataDir} is already running, as process ${lock.owner.pid}; stop it first, or set DATA_DIR to another folder`,
    );
  }
  const file = join(dataDir, 'processes.json');
  const left = readProcesses(file).filter(isRunning);
  await Promise.all(
    left.map((each) => endProcess(each.pid, 'SIGTERM', { ms: drainMs, isThere: () => isRunning(each) })),
  );

  const started = new Map<number, ProcessIdentity>();
  const write = (): void => {
    writeFileSync(`${file}.new`, JSON.stringify([...started.values()]));
    renameSync(`${file}.new`, file);
  };
  write();
  return {
    add: (pid) => {
      const identity = identityOf(pid);
      if (identity === undefined) return; // it has already ended
      started.set(pid, identity);
      write();
    },
    remove: (pid) => {
      if (started.delete(pid)) write();
    },
    release: lock.release,
  };
};

/** Empty when there is no such file, or its content is not a list. */
const readProcesses = (file: string): readonly ProcessIdentity[] => {
  try {
    const processes: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(processes) ? processes : []; // only lockDataDir writes it
  } catch {
    return [];
  }
};
