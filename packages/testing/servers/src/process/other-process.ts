import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The command line of a process that we did not start, or undefined when there is no such process. */
export const commandOf = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined;
  } catch {
    return psCommand(pid); // there is no /proc, or no such process
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
  /** How long it may take to end before it is killed, in milliseconds. */
  readonly ms: number;
  /** Whether the id still belongs to this process, since ids are reused. */
  readonly isThere: () => boolean;
}

/** Sends `signal` to a process that we did not start, and SIGKILL when it still runs after `ms`. Resolves when it has ended. */
export const endProcess = async (
  pid: number,
  signal: NodeJS.Signals,
  { ms, isThere }: EndOptions,
): Promise<void> => {
  if (!isThere() || !send(pid, signal)) return;
  const deadline = Date.now() + ms;
  while (isThere() && Date.now() < deadline) await sleep(20);
  if (!isThere() || !send(pid, 'SIGKILL')) return;
  while (isThere() && Date.now() < deadline + killTimeoutMs) await sleep(20);
};

/** The longest wait for a killed process to end. */
const killTimeoutMs = 5_000;

const send = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
};
