import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts';
import { memoryOf } from './memory.ts';
import type { ProcessGuard } from './process-guard.ts';

/** A server that can be stopped, killed and started again on the same data and port. */
export interface ServerProcess {
  /** The process id while it runs. */
  currentPid(): number | undefined;
  /** Resolves when the server is ready. Rejects, with the end of its log, when it does not start. */
  startServer(): Promise<void>;
  /** A clean shutdown. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown, like a crash. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** Resident bytes (0 where there is no /proc). */
  memory(): number;
}

interface ServerProcessOptions extends DaemonOptions {
  readonly name: string;
  readonly port: number;
  readonly command: string;
  readonly args: string[];
  readonly isReady: () => Promise<boolean>;
  readonly pollMs?: number;
  readonly guard: ProcessGuard;
  /** Other processes that the guard ends together with the server. */
  readonly otherPids?: readonly number[];
}

const startTimeoutMs = 90_000;
const shutdownTimeoutMs = 30_000;

export const createServerProcess = (options: ServerProcessOptions): ServerProcess => {
  const { guard, otherPids = [] } = options;
  let server: Daemon | undefined;

  const startServer = async (): Promise<void> => {
    if (server?.running()) return;
    server = await launch(options, (pid) => guard.watch([pid, ...otherPids]));
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    await server?.end(signal, shutdownTimeoutMs);
    server = undefined;
    guard.watch(otherPids);
  };
  return {
    currentPid: () => server?.pid,
    startServer,
    stopServer: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      await startServer();
    },
    memory: () => (server === undefined ? 0 : memoryOf(server.pid)),
  };
};

const launch = async (options: ServerProcessOptions, onSpawn: (pid: number) => void): Promise<Daemon> => {
  const { name, port, command, args, isReady, pollMs = 100, logFile } = options;
  const server = await startDaemon(command, args, options);
  onSpawn(server.pid);
  const deadline = Date.now() + startTimeoutMs;
  while (server.running() && Date.now() < deadline) {
    if (await isReady()) return server;
    await sleep(pollMs);
  }
  await server.end('SIGKILL', 0);
  const output = (await readFile(logFile, 'utf8')).slice(-2_000);
  throw new Error(`${name} did not start (port ${port}):\n${output}`);
};
