import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type Role } from '@emporium/databases';
import { type Daemon, startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { createGuard } from './guard.ts';
import { memoryOf } from './memory.ts';
import { prepareCluster, stopForerunner } from './postgres-data.ts';
import { findInstallation, type Installation, reaches } from './postgres-installation.ts';

export interface PostgresOptions {
  /** Kept at the end and used again by the next start. Without it the data goes with the server. */
  dataDir?: string;
  /** A free one by default. It stays the same over restarts. */
  port?: number;
  /** As in postgresql.conf, e.g. `{ max_connections: '400' }`. `fsync` and `synchronous_commit` are on by default. */
  settings?: Readonly<Record<string, string>>;
  /** The superuser, made when the data folder is; `postgres` by default. */
  user?: string;
  password?: string;
}

export interface PostgresServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** What the server said since its last start. */
  readonly logFile: string;
  /** The superuser's URL of the database `postgres`. */
  readonly adminUrl: string;
  /** The server's process id while it runs. */
  readonly pid: number | undefined;
  /** The superuser's URL of a database. */
  url(database: string): string;
  /**
   * Makes a database, and the role that owns it and alone may connect (besides the superuser), unless they are there.
   * Resolves to that role's URL, or to the superuser's where no role is named.
   */
  createDatabase(name: string, role?: Role): Promise<string>;
  /** Starts on the same data and port after `stopServer`, `kill` or a crash. Rejects, with the end of its log, when it does not. */
  startServer(): Promise<void>;
  /** Called with its exit code, or the signal that killed it, when the server ends without having been asked to. */
  onCrash(listener: (how: number | NodeJS.Signals) => void): void;
  /** A fast shutdown: open transactions are rolled back, committed data is on disk. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown: what a crash does. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** Ends the server for good, and removes its data unless a `dataDir` was given. */
  stop(): Promise<void>;
  /** Resident bytes of the server and its backends, what they share counted once (0 where there is no /proc). */
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
 * A real PostgreSQL on 127.0.0.1, ready for connections when this resolves. It does not outlive this process, and does
 * not see its Ctrl-C. A server that an earlier, killed process left on the same `dataDir` is stopped first.
 */
export const startPostgres = async (options: PostgresOptions = {}): Promise<PostgresServer> => {
  const installation = await findInstallation();
  const owner = { user: options.user ?? 'postgres', password: options.password ?? 'postgres' };
  const temporary = options.dataDir === undefined ? await temporaryFolder(installation) : undefined;
  const guard = createGuard({ signal: 'INT', ...(temporary === undefined ? {} : { remove: temporary }) });
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
        if (server === started) return; // of two callers at one time this is the second
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

/** Below TMPDIR if the server's account can get there, else below /tmp. */
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
    await stopForerunner(cluster);
    const server = await startDaemon(postgres, ['-D', cluster, ...flags], { cwd: cluster, logFile, account });
    onSpawn(server.pid);
    if (await becomesReady(server, cluster, start + 60_000)) return server;
    await server.end('SIGKILL', 0);
    const said = (await readFile(logFile, 'utf8')).slice(-2_000);
    // The backends of a server that was killed notice it within moments, and hold its shared memory until then.
    const lingering = /pre-existing shared memory block|lock file "postmaster.pid"/.test(said);
    if (!lingering || Date.now() > start + 15_000) {
      throw new Error(`PostgreSQL does not start on ${cluster} (port ${settings['port']}):\n${said}`);
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
