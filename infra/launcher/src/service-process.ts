import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordOutput } from './logs/record-output.ts';
import { summaryOf } from './logs/summary.ts';
import { describeExit, type ExitReason } from './supervisor.ts';

export interface ServiceProcessOptions {
  readonly name: string;
  /** The TypeScript file to run with Node. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** The service writes its log lines to it (`LOG_FILE`); what it prints is added as events of one line. */
  readonly logFile: string;
  /** `http://127.0.0.1:<port>`, where `/health/ready` answers. */
  readonly address: string;
  /** Called after each start. */
  readonly onSpawn?: (pid: number) => void;
  /** Called after each exit. */
  readonly onExit?: (pid: number) => void;
}

export interface StartOptions {
  /** Time to become ready, in milliseconds; 30 s by default. */
  readonly timeoutMs?: number;
  /** Variables that replace those of `ServiceProcessOptions` for this start. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A service that runs as a child process. It drains when this process ends. */
export interface ServiceProcess {
  readonly name: string;
  /** The address of its HTTP server: `http://127.0.0.1:<port>`. */
  readonly address: string;
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Whether it should be running: from `start` to `stop` or `kill`. */
  readonly wanted: boolean;
  /** Resolves when it is ready. Rejects, with the end of its log, when it exits or is not ready in time. */
  start(options?: StartOptions): Promise<void>;
  /** Drains it with SIGTERM, and kills it after `timeoutMs`. Resolves with the exit code; null when it was killed. */
  stop(timeoutMs?: number): Promise<number | null>;
  /** Kills it with SIGKILL, as in a crash. */
  kill(): Promise<void>;
  /** Calls the listener with the exit code or signal when it exits without `stop` or `kill`. */
  onCrash(listener: (exit: ExitReason) => void): void;
}

/**
 * Node's options for a dozen processes on one machine: by default V8 would use more memory before it collects garbage, and more
 * threads. 16 MB for young objects let a busy process collect rarely; an idle one uses a tenth of that, because every process
 * collects the garbage of its start (`--expose-gc`).
 */
export const nodeOptions: readonly string[] = [
  '--v8-pool-size=1',
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=16',
  '--max-old-space-size=256',
  '--expose-gc',
];

/**
 * Makes glibc return freed blocks of 4 MiB and more to the system. By default it would keep 17 MB for each thread that has hashed a
 * password. Other allocators ignore the variable.
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
  /** Resolves when the process has ended and what it printed is in the log file. */
  let recorded: Promise<void> = Promise.resolve();
  /** The size of the log file before this start. */
  let logFrom = 0;
  const listeners: ((exit: ExitReason) => void)[] = [];

  const running = (): ChildProcess | undefined =>
    child?.exitCode === null && child.signalCode === null ? child : undefined;

  const launch = (override: Readonly<Record<string, string>>): void => {
    logFrom = sizeOf(logFile);
    wanted = true;
    const common = {
      PATH: process.env['PATH'] ?? '',
      LOG_FILE: logFile,
      ...nodeEnvironment,
      ...compileCache(),
    };
    const launched = spawn(process.execPath, [...nodeOptions, main], {
      env: { ...common, ...env, ...override },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true, // so that only the launcher gets Ctrl-C: it stops the gateway first
    });
    recorded = recordOutput(launched, { service: name, logFile });
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
      if (running() === undefined) await recorded;
      const what =
        running() === undefined
          ? `exited while starting (${describeExit(child?.exitCode ?? child?.signalCode ?? 1)})`
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
      await recorded;
      return code;
    },
    kill: async () => {
      const killed = running();
      wanted = false;
      if (killed === undefined) return;
      killed.kill('SIGKILL');
      await ended(killed);
      await recorded;
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

const tailOf = (file: string, from: number): string => {
  const size = sizeOf(file);
  if (size === 0) return '(empty)';
  const lines = readFileSync(file).subarray(size < from ? 0 : from); // smaller: a new file has been started
  const last = lines.toString().trimEnd().split('\n').slice(-8);
  return last.map((line) => summaryOf(line).slice(0, 2_000)).join('\n');
};

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Shares the compile cache of the launcher, if it has one. */
export const compileCache = (): Record<string, string> => {
  const folder = process.env['NODE_COMPILE_CACHE'];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
};
