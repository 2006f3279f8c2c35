import { renameSync, writeFileSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandOf, endForeign } from '@emporium/servers';

/** A data folder is used by one launcher at a time: another would stop its database. */
export interface Claim {
  /** Remembers a process that was started, for the next launcher to end when this one is killed. */
  add(started: StartedProcess): void;
  release(): Promise<void>;
}

export interface StartedProcess {
  readonly pid: number;
  /** Part of its command line: a process of the same id and another command is a stranger. */
  readonly main: string;
}

interface Holder {
  readonly pid: number;
  readonly command: string;
  readonly started: readonly StartedProcess[];
}

/** What a killed launcher left behind drains by itself; after so long, in milliseconds, it is killed. */
const drainMs = 12_000;

/**
 * Claims the folder for this process. Throws, naming the process, when another one runs the shop on it. What one that was
 * killed left running is ended first.
 */
export const claimDataDir = async (dataDir: string): Promise<Claim> => {
  await mkdir(dataDir, { recursive: true });
  const file = join(dataDir, 'launcher.json');
  const own = `${file}.${process.pid}`;
  const started: StartedProcess[] = [];
  const content = (): string =>
    JSON.stringify({ pid: process.pid, command: commandOf(process.pid) ?? '', started } satisfies Holder);

  await writeFile(own, content());
  try {
    while (!(await linkOnce(own, file))) await endForerunner(dataDir, file);
  } finally {
    await rm(own, { force: true });
  }
  return {
    add: (each) => {
      started.push(each);
      writeFileSync(own, content());
      renameSync(own, file);
    },
    release: () => rm(file, { force: true }),
  };
};

/** A link appears whole or not at all, and for one of two launchers alone. */
const linkOnce = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
};

const endForerunner = async (dataDir: string, file: string): Promise<void> => {
  const holder = await readHolder(file);
  if (holder !== undefined && commandOf(holder.pid) === holder.command) {
    throw new Error(
      `the shop of ${dataDir} is running already, as process ${holder.pid}; stop it first, or set DATA_DIR to another folder`,
    );
  }
  const left = (holder?.started ?? []).filter(({ pid, main }) => commandOf(pid)?.includes(main));
  await Promise.all(left.map(({ pid }) => endForeign(pid, 'SIGTERM', drainMs)));
  await rm(file, { force: true });
};

/** Undefined when the file has gone, or is none of ours. */
const readHolder = async (file: string): Promise<Holder | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return JSON.parse(text) as Holder; // written by claimDataDir alone
  } catch {
    return undefined;
  }
};
