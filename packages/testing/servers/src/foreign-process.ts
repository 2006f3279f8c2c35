import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The command line of a process that another program started, or undefined when there is no such process. */
export const commandOf = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined;
  } catch {
    return psCommand(pid); // no /proc here, or no such process
  }
};

const psCommand = (pid: number): string | undefined => {
  try {
    const args = ['-ww', '-o', 'command=', '-p', String(pid)];
    return (
      execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined
    );
  } catch {
    return undefined;
  }
};

export interface EndOptions {
  /** How long it may take, before it is killed. */
  readonly ms: number;
  /** Whether the id is still that of the process which is meant: ids are given out again. */
  readonly isThere: () => boolean;
}

/** Asks such a process to end with `signal`, and kills it when it is still there after `ms`. Resolves when it is gone. */
export const endForeign = async (
  pid: number,
  signal: NodeJS.Signals,
  { ms, isThere }: EndOptions,
): Promise<void> => {
  if (!isThere() || !send(pid, signal)) return;
  const deadline = Date.now() + ms;
  while (isThere() && Date.now() < deadline) await sleep(20);
  if (!isThere() || !send(pid, 'SIGKILL')) return;
  while (isThere() && Date.now() < deadline + killMs) await sleep(20);
};

/** A killed process is gone in moments, unless the system holds it. */
const killMs = 5_000;

const send = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
};
