import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

/** A program in a process group of its own, so that the terminal's Ctrl-C is ours to deal with. */
export interface Daemon {
  readonly pid: number;
  running(): boolean;
  /** Called with its exit code, or the signal that killed it, when it ends. */
  onExit(listener: (how: number | NodeJS.Signals) => void): void;
  /** Asks it to end with `signal`, kills it when it is still there after `ms`, and resolves when it is gone. */
  end(signal: NodeJS.Signals, ms: number): Promise<void>;
}

export interface DaemonOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** Takes what it prints; begun afresh. */
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
