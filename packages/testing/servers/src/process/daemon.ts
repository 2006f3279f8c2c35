import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

/** A program in its own process group, so that the terminal's Ctrl-C does not reach it. */
export interface Daemon {
  readonly pid: number;
  running(): boolean;
  /** Calls the listener with the exit code, or the signal that killed it, when it ends. */
  onExit(listener: (how: number | NodeJS.Signals) => void): void;
  /** Sends `signal`, and SIGKILL when it still runs after `ms`. Resolves when it has ended. */
  end(signal: NodeJS.Signals, ms: number): Promise<void>;
}

export interface DaemonOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** The file for its output, which is truncated first. */
  logFile: string;
  account?: { uid: number; gid: number } | undefined;
}

export const startDaemon = async (
  command: string,
  args: string[],
  options: DaemonOptions,
): Promise<Daemon> => {
  const log = await open(options.logFile, 'w', 0o600);
  const stdio: StdioOptions = ['ignore', log.fd, log.fd];
  const { cwd, account, env = process.env } = options;
  const child = spawn(command, args, { ...account, cwd, env, detached: true, stdio });
  child.unref();
  const pid = await spawned(child, command).finally(() => log.close());
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    running,
    onExit: (listener) => {
      child.once('exit', (code, signal) => listener(code ?? signal ?? 1));
    },
    end: async (signal, ms) => {
      if (!running()) return;
      const exit = new Promise((resolve) => child.once('exit', resolve));
      const killer = setTimeout(() => child.kill('SIGKILL'), ms);
      child.ref();
      child.kill(signal);
      await exit;
      clearTimeout(killer);
    },
  };
};

const spawned = (child: ChildProcess, command: string): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new Error(`${command} cannot be started: ${cause.message}`, { cause })),
    );
    child.once('spawn', () => resolve(Number(child.pid)));
  });
