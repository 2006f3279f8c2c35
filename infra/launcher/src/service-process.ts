import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeEnd, type HowItEnded } from './supervisor.ts';

export interface ServiceProcessOptions {
  readonly name: string;
  /** The TypeScript file that Node runs. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** Appended to; standard output and error. */
  readonly logFile: string;
  /** `http://127.0.0.1:<port>`, where `/health/ready` answers. */
  readonly address: string;
  /** Told of each start. */
  readonly onSpawn?: (pid: number) => void;
  /** Told of each end, however it came. */
  readonly onExit?: (pid: number) => void;
}

export interface StartOptions {
  /** How long it may take to become ready; 30 s unless given. */
  readonly timeoutMs?: number;
  /** In place of those it was made with, for this start. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A service as a process of its own. It drains by itself when this process is gone. */
export interface ServiceProcess {
  readonly name: string;
  /** Where it serves HTTP: `http://127.0.0.1:<port>`. */
  readonly address: string;
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Whether it is meant to run: from its start until it is asked to stop, or killed here. */
  readonly wanted: boolean;
  /** Resolves when it is ready. Rejects, with the end of its log, when it ended or took too long. */
  start(options?: StartOptions): Promise<void>;
  /** Drains it with SIGTERM; kills it after `timeoutMs`. Gives the exit code, null when it had to be killed. */
  stop(timeoutMs?: number): Promise<number | null>;
  /** SIGKILL: what a crash does. */
  kill(): Promise<void>;
  /** Called with its exit code, or the signal that killed it, when it ends without having been asked to. */
  onCrash(listener: (how: HowItEnded) => void): void;
}

/**
 * A dozen processes share a machine: V8 left alone would take memory before it collects, and threads for each. Young objects of a
 * busy process may have 16 MB, so that it collects seldom; those of an idle one take a tenth of it, since each collects
 * what its start left behind.
 */
export const nodeOptions: readonly string[] = [
  '--v8-pool-size=1',
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=16',
  '--max-old-space-size=256',
  '--expose-gc',
];

/**
 * A block from 4 MiB up goes back to the system when it is freed. glibc, which would learn to keep such blocks, keeps 17 MB for each
 * thread that hashed a password; other allocators do not know the variable.
 */
export const nodeEnvironment: Readonly<Record<string, string>> = { MALLOC_MMAP_THRESHOLD_: '4194304' };

export const createServiceProcess = ({
  name,
  main,
  env,
  logFile,
  address,
  onSpawn,
  onExit,
}: ServiceProcessOptions): ServiceProcess => {
  let child: ChildProcess | undefined;
  let wanted = false;
  /** Where the log of this start begins. */
  let logFrom = 0;
  const listeners: ((how: HowItEnded) => void)[] = [];

  const running = (): ChildProcess | undefined =>
    child?.exitCode === null && child.signalCode === null ? child : undefined;

  const launch = (override: Readonly<Record<string, string>>): void => {
    const log = openSync(logFile, 'a');
    logFrom = fstatSync(log).size;
    wanted = true;
    const launched = spawn(process.execPath, [...nodeOptions, main], {
      env: { PATH: process.env['PATH'] ?? '', ...nodeEnvironment, ...compileCache(), ...env, ...override },
      stdio: ['ignore', log, log, 'ipc'],
      detached: true, // a Ctrl-C is for the launcher, which stops the gateway first
    });
    closeSync(log);
    launched.once('exit', (code, signal) => {
      if (launched.pid !== undefined) onExit?.(launched.pid);
      if (wanted) for (const listener of listeners) listener(code ?? signal ?? 1);
    });
    child = launched;
    if (launched.pid !== undefined) onSpawn?.(launched.pid);
  };

  const ended = (each: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => {
      if (each.exitCode !== null || each.signalCode !== null) resolve(each.exitCode);
      else each.once('exit', resolve);
    });

  return {
    name,
    address,
    logFile,
    get pid() {
      return running()?.pid;
    },
    get wanted() {
      return wanted;
    },
    start: async ({ timeoutMs = 30_000, env: override = {} } = {}) => {
      launch(override);
      const began = Date.now();
      while (running() !== undefined) {
        if ((await isReady(address)) && running() !== undefined) return;
        if (Date.now() > began + timeoutMs) break;
        await sleep(Date.now() < began + 10_000 ? 50 : 500);
      }
      const what =
        running() === undefined
          ? `ended while starting (${describeEnd(child?.exitCode ?? child?.signalCode ?? 1)})`
          : `was not ready after ${timeoutMs} ms`;
      throw new Error(`${name} ${what}; the end of ${logFile}:\n${tailOf(logFile, logFrom)}`);
    },
    stop: async (timeoutMs = 11_000) => {
      const stopping = running();
      wanted = false;
      if (stopping === undefined) return child?.exitCode ?? null;
      stopping.kill('SIGTERM');
      const killer = setTimeout(() => stopping.kill('SIGKILL'), timeoutMs);
      const code = await ended(stopping);
      clearTimeout(killer);
      return code;
    },
    kill: async () => {
      const killed = running();
      wanted = false;
      if (killed === undefined) return;
      killed.kill('SIGKILL');
      await ended(killed);
    },
    onCrash: (listener) => {
      listeners.push(listener);
    },
  };
};

const isReady = async (address: string): Promise<boolean> => {
  try {
    const response = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // not listening yet
  }
};

const tailOf = (file: string, from: number): string =>
  readFileSync(file).subarray(from).toString().trimEnd().split('\n').slice(-8).join('\n');

/** Parsed modules are kept over starts, where the launcher was given a place for them. */
const compileCache = (): Record<string, string> => {
  const folder = process.env['NODE_COMPILE_CACHE'];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
};
