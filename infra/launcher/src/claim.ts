import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcess } from '@emporium/servers';
import { tryLock } from '@emporium/toolchain/lock';
import { identityOf, isRunning, type ProcessIdentity } from '@emporium/toolchain/process-identity';

/** A data folder is used by one launcher at a time: another would stop its database. */
export interface Claim {
  /** Remembers a process that was started, for the next launcher to end when this one is killed. */
  add(pid: number): void;
  /** Forgets one that has ended. */
  remove(pid: number): void;
  release(): void;
}

/** What a killed launcher left behind drains by itself; after so long, in milliseconds, it is killed. */
const drainMs = 12_000;

/**
 * Claims the folder for this process. Throws, naming the process, when another one runs the shop on it. What one that was
 * killed left running is ended first.
 */
export const claimDataDir = async (dataDir: string): Promise<Claim> => {
  await mkdir(dataDir, { recursive: true });
  const lock = tryLock(join(dataDir, 'launcher.lock'));
  if ('owner' in lock) {
    throw new Error(
      `the shop of ${dataDir} is running already, as process ${lock.owner.pid}; stop it first, or set DATA_DIR to another folder`,
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
      if (identity === undefined) return; // it has ended already
      started.set(pid, identity);
      write();
    },
    remove: (pid) => {
      if (started.delete(pid)) write();
    },
    release: lock.release,
  };
};

/** None when there is no such file, or it is none of ours. */
const readProcesses = (file: string): readonly ProcessIdentity[] => {
  try {
    const processes: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(processes) ? processes : []; // written by claimDataDir alone
  } catch {
    return [];
  }
};
