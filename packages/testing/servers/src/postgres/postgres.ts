import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type Role } from '@emporium/databases';
import { type Daemon, startDaemon } from '../process/daemon.ts';
import { freePort } from '../process/free-port.ts';
import { memoryOf } from '../process/memory.ts';
import { createProcessGuard } from '../process/process-guard.ts';
import { prepareCluster, stopPreviousServer } from './postgres-data.ts';
import { findInstallation, type Installation, reaches } from './postgres-installation.ts';

export interface PostgresOptions {
  /** A folder for the data, which remains for the next start. By default the data is removed with the server. */
  dataDir?: string;
  /** A free port by default. It stays the same over restarts. */
  port?: number;
  /** As in postgresql.conf, e.g. `{ max_connections: '400' }`. `fsync` and `synchronous_commit` are on by default. */
  settings?: Readonly<Record<string, string>>;
  /** The superuser, created with the cluster; `postgres` by default. */
  user?: string;
  password?: string;
}

export interface PostgresServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The server's output since its last start. */
  readonly logFile: string;
  /** The superuser's URL of the database `postgres`. */
  readonly adminUrl: string;
  /** The server's process id while it runs. */
  readonly pid: number | undefined;
  /** The superuser's URL of a database. */
  url(database: string): string;
  /**
   * Creates a database unless it exists, and the role that owns it and may connect to it, as no other role but superusers.
   * Resolves with the role's URL, or the superuser's without a role.
   */
  createDatabase(name: string, role?: Role): Promise<string>;
  /** Starts on the same data and port after `stopServer`, `kill` or a crash. Rejects, with the end of its log, when that fails. */
  startServer(): Promise<void>;
  /** Calls the listener with the exit code, or the signal that killed it, when the server ends unexpectedly. */
  onCrash(listener: (how: number | NodeJS.Signals) => void): void;
  /** A fast shutdown: open transactions are rolled back, committed data is on disk. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown, like a crash. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** Ends the server and removes its data, unless a `dataDir` was given. */
  stop(): Promise<void>;
  /** Resident bytes of the server and its backends, with shared memory counted once (0 where there is no /proc). */
  memory(): number;
}

const defaults = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
  timezone: 'UTC',
};

/**
 * Starts a PostgreSQL on 127.0.0.1, which takes connections when this resolves. It ends with this process, and does not receive its
 * Ctrl-C. A server that an earlier, killed process left on the same `dataDir` is stopped first.
 */
export const startPostgres = async (options: PostgresOptions = {}): Promise<PostgresServer> => {
  const installation = await findInstallation();
  const owner = { user: options.user ?? 'postgres', password: options.password ?? 'postgres' };
  const temporary = options.dataDir === undefined ? await temporaryFolder(installation) : undefined;
  const guard = createProcessGuard({
    signal: 'INT',
    ...(temporary === undefined ? {} : { remove: temporary }),
  });
  const removeTemporary = async () => {
    guard.dismiss();
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const cluster = await prepareCluster(installation, resolve(options.dataDir ?? temporary ?? ''), owner);
    const port = options.port ?? (await freePort());
    const settings = { ...defaults, ...options.settings, port: String(port) };
    let server: Daemon | undefined;
    let starting: Promise<Daemon> | undefined;
    const listeners: ((how: number | NodeJS.Signals) => void)[] = [];

    const startServer = async () => {
      if (server?.running()) return;
      starting ??= launch(installation, cluster, settings, (pid) => guard.watch([pid]));
      try {
        const started = await starting;
        if (server === started) return; // another call has started it meanwhile
        server = started;
        started.onExit((how) => {
          if (server !== started) return;
          server = undefined;
          guard.watch([]);
          for (const listener of listeners) listener(how);
        });
      } finally {
        starting = undefined;
      }
    };
    const stopServer = async (how: NodeJS.Signals) => {
      await starting?.catch(() => undefined);
      const stopping = server;
      server = undefined;
      await stopping?.end(how, 20_000);
      guard.watch([]);
    };
    const credentials = `${encodeURIComponent(owner.user)}:${encodeURIComponent(owner.password)}`;
    const url = (database: string) =>
      `postgres://${credentials}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

    await startServer();
    return {
      host: '127.0.0.1',
      port,
      logFile: logOf(cluster),
      adminUrl: url('postgres'),
      get pid() {
        return server?.pid;
      },
      url,
      createDatabase: (name, role) => createDatabase(url('postgres'), name, role),
      startServer,
      onCrash: (listener) => {
        listeners.push(listener);
      },
      stopServer: () => stopServer('SIGINT'),
      kill: () => stopServer('SIGKILL'),
      restart: async () => {
        await stopServer('SIGINT');
        await startServer();
      },
      stop: async () => {
        await stopServer(temporary === undefined ? 'SIGINT' : 'SIGQUIT');
        await removeTemporary();
      },
      memory: () => (server === undefined ? 0 : memoryOf(server.pid)),
    };
  } catch (error) {
    await removeTemporary();
    throw error;
  }
};

/** Below TMPDIR if the server's account can enter that, else below /tmp. */
const temporaryFolder = async ({ account }: Installation): Promise<string> => {
  const base = account === undefined || (await reaches(account, tmpdir())) ? tmpdir() : '/tmp';
  return await mkdtemp(join(base, 'emporium-postgres-'));
};

const logOf = (cluster: string): string => join(dirname(cluster), 'server.log');

/** Resolves once the server takes connections. */
const launch = async (
  { postgres, account }: Installation,
  cluster: string,
  settings: Readonly<Record<string, string>>,
  onSpawn: (pid: number) => void,
): Promise<Daemon> => {
  const start = Date.now();
  const logFile = logOf(cluster);
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  for (;;) {
    await stopPreviousServer(cluster);
    const server = await startDaemon(postgres, ['-D', cluster, ...flags], { cwd: cluster, logFile, account });
    onSpawn(server.pid);
    if (await becomesReady(server, cluster, start + 60_000)) return server;
    await server.end('SIGKILL', 0);
    const output = (await readFile(logFile, 'utf8')).slice(-2_000);
    // The backends of a killed server keep its shared memory until they end, moments later.
    const lingering = /pre-existing shared memory block|lock file "postmaster.pid"/.test(output);
    if (!lingering || Date.now() > start + 15_000) {
      throw new Error(`PostgreSQL did not start on ${cluster} (port ${settings['port']}):\n${output}`);
    }
    await sleep(100);
  }
};

/** The eighth line of postmaster.pid is the server's state. */
const becomesReady = async (server: Daemon, cluster: string, deadline: number): Promise<boolean> => {
  while (server.running() && Date.now() < deadline) {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return true;
    await sleep(20);
  }
  return false;
};
