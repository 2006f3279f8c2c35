import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createProcessGuard, memoryOf, startPostgres } from '@emporium/servers';
import { applyTopology } from './apply-topology.ts';
import { compileServices } from './compile-services.ts';
import { type ControlServer, startControlServer } from './control/control-server.ts';
import { createProcessControl } from './control/controlled-processes.ts';
import { type DataDirLock, lockDataDir } from './data-dir-lock.ts';
import { createEnvironment } from './environment.ts';
import { stablePort } from './ports.ts';
import { type MetricsTarget, writeTargets } from './prometheus-targets.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { createServiceProcess, type ServiceProcess } from './service-process.ts';
import { programOf, services } from './services.ts';
import { createSettings } from './settings.ts';
import { createSupervisor, type Incident, type SupervisedProcess, type Supervisor } from './supervisor.ts';

export interface ShopOptions {
  /**
   * The folder of the databases, logs and secrets, which the next start uses again. `prometheus-targets.json` in it says where the
   * metrics of each process are.
   */
  readonly dataDir: string;
  /** The port of the gateway, on 127.0.0.1. */
  readonly port: number;
  /** The URL of the broker; the embedded PostgreSQL by default. */
  readonly busUrl?: string;
  /** The URL of the broker of the open streams; the embedded PostgreSQL by default. */
  readonly streamUrl?: string;
  /** The URL of the task queues; the embedded PostgreSQL by default. */
  readonly tasksUrl?: string;
  /** Additional environment variables, by service; `*` is for all services. */
  readonly env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Called after each stage of the start, with the milliseconds since its beginning. */
  readonly progress?: (what: string, ms: number) => void;
  /** Whether services and the database are restarted after a crash; true by default. */
  readonly restart?: boolean;
  /** Called when one of them crashes, recovers, or keeps crashing. */
  readonly onIncident?: (incident: Incident) => void;
  /** Aborts the start. */
  readonly signal?: AbortSignal;
}

/** The database server of a shop, which tests can stop and kill. */
type Database = Awaited<ReturnType<typeof startPostgres>>;

export interface Shop {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly busUrl: string;
  readonly admin: { readonly email: string; readonly password: string };
  readonly processes: ReadonlyMap<string, ServiceProcess>;
  readonly database: Database;
  readonly logDir: string;
  /** The URL of a service's database, as superuser. */
  databaseUrl(service: string): string;
  /** Starts another process of a service, which shares its subscriptions and its outbox. */
  scale(service: string): Promise<ServiceProcess>;
  /** Resident memory of all processes, in bytes; the shared memory of PostgreSQL is counted once. */
  memory(): number;
  /** Drains every process, then stops the database. */
  stop(): Promise<void>;
}

/**
 * Starts the whole shop: an embedded PostgreSQL with a database and a role per service, the topology, and every service as a
 * process. Resolves when all of them are ready. When one fails to start, or `signal` aborts, the others are stopped and the failure
 * (the signal's reason) is thrown. Processes that were ready are restarted after a crash. No process outlives this one, which
 * keeps running until the shop is stopped.
 */
export const startShop = async (options: ShopOptions): Promise<Shop> => {
  const { signal } = options;
  const dataDir = resolve(options.dataDir);
  const logDir = join(dataDir, 'logs');
  const began = Date.now();
  const progress = (what: string) => {
    signal?.throwIfAborted();
    options.progress?.(what, Date.now() - began);
  };
  const lock = await lockDataDir(dataDir);
  const processes = new Map<string, ServiceProcess>();
  const added: { readonly process: ServiceProcess; readonly service: string }[] = [];
  let database: Database | undefined;
  let controlServer: ControlServer | undefined;
  let scale: Shop['scale'] = () => Promise.reject(new Error('the shop is starting'));
  const restarts = options.restart ?? true;
  const control = createProcessControl({
    processes: () => [
      ...[...processes].map(([service, process]) => ({ process, service, added: false })),
      ...added.map((each) => ({ ...each, added: true })),
    ],
    restarts,
    scale: (service) => scale(service),
  });
  const supervisor = createSupervisor({
    report: options.onIncident ?? (() => undefined),
    restarts,
  });
  const children = watchChildren(lock);
  // Keeps this process running when all children have crashed.
  const keepAlive = setInterval(() => undefined, 60_000);

  const stop = async (): Promise<void> => {
    supervisor.stop();
    controlServer?.close();
    control.thaw();
    const gateway = processes.get('gateway');
    await gateway?.stop();
    const others = [...processes.values(), ...added.map(({ process }) => process)].filter(
      (each) => each !== gateway,
    );
    await Promise.all(others.map((each) => each.stop()));
    await database?.stop();
    children.dismiss();
    clearInterval(keepAlive);
    lock.release();
  };

  try {
    await assertFree(options.port);
    await mkdir(logDir, { recursive: true });
    const compiled = compileServices();
    const secrets = await loadSecrets(join(dataDir, 'secrets.json'));
    const server = await startPostgres({
      dataDir: join(dataDir, 'postgres'),
      port: await stablePort(new Set([options.port])),
      settings: { max_connections: '300', shared_buffers: '32MB' },
    });
    database = server;
    supervisor.watch(supervisedDatabase(server));
    progress('PostgreSQL');
    const databases = await createDatabases(server, secrets);
    progress(`${databases.size} databases, each with its own role`);
    const busUrl = options.busUrl ?? databases.get('bus') ?? '';
    const streamUrl = options.streamUrl ?? databases.get('bus') ?? '';
    await applyTopology({ busUrl, streamUrl });
    progress('topology of all subscriptions');

    const names = services.map(({ name }) => name);
    controlServer = await startControlServer(control, dataDir);
    const settings = await createSettings({
      ...{ dataDir, secrets, services: names },
      port: options.port,
      tasksUrl: options.tasksUrl ?? databases.get('tasks') ?? '',
    });
    const environment = createEnvironment({
      ...{ settings, control: controlServer, databases, busUrl, streamUrl },
      extra: options.env ?? {},
    });
    const create = (name: string, port: number, suffix = '') => {
      return createServiceProcess({
        name: `${name}${suffix}`,
        main: programOf(name),
        env: { ...environment(name), PORT: String(port) },
        logFile: join(logDir, `${name}${suffix}.log`),
        address: `http://127.0.0.1:${port}`,
        onSpawn: children.add,
        onExit: children.remove,
      });
    };
    for (const name of names) processes.set(name, create(name, settings.port(name)));
    const targets: MetricsTarget[] = names.map((service) => ({
      service,
      port: service === 'gateway' ? settings.gatewayMetricsPort : settings.port(service),
    }));
    writeTargets(dataDir, targets);
    await compiled;
    progress('compiled code of all services');
    await startAll([...processes.values()], { supervisor, progress, signal });

    scale = async (service) => {
      const port = await stablePort(new Set());
      const process = create(service, port, `-${added.length + 2}`);
      added.push({ process, service });
      targets.push({ service, port });
      writeTargets(dataDir, targets);
      await process.start();
      supervisor.watch(process);
      return process;
    };

    return {
      url: settings.address('gateway'),
      busUrl,
      admin: { email: secrets.adminEmail, password: secrets.adminPassword },
      processes,
      database: server,
      logDir,
      databaseUrl: (service) => server.url(service),
      scale: (service) => scale(service),
      memory: () =>
        [...processes.values(), ...added.map(({ process }) => process)].reduce(
          (sum, { pid }) => sum + (pid === undefined ? 0 : memoryOf(pid)),
          0,
        ) + server.memory(),
      stop,
    };
  } catch (error) {
    await stop();
    throw signal?.aborted ? signal.reason : error;
  }
};

/** Creates a database per service, one for the embedded broker and one for the task queues. Returns their URLs. */
const createDatabases = async (
  server: Database,
  { databasePassword: password }: Secrets,
): Promise<ReadonlyMap<string, string>> => {
  const owned = services.filter((entry) => entry.database).map(({ name }) => name);
  const urls = new Map<string, string>();
  for (const name of [...owned, 'bus', 'tasks'])
    urls.set(name, await server.createDatabase(name, { name, password }));
  return urls;
};

const supervisedDatabase = (server: Database): SupervisedProcess => ({
  name: 'PostgreSQL',
  logFile: server.logFile,
  get pid() {
    return server.pid;
  },
  wanted: true,
  start: () => server.startServer(),
  onCrash: server.onCrash,
});

/** Makes sure that child processes end after this one, even a stopped one (SIGSTOP), and records them for the next launcher. */
const watchChildren = (lock: DataDirLock) => {
  const guard = createProcessGuard({ signal: 'TERM' });
  const pids = new Set<number>();
  return {
    add: (pid: number) => {
      pids.add(pid);
      guard.watch([...pids]);
      lock.add(pid);
    },
    remove: (pid: number) => {
      pids.delete(pid);
      guard.watch([...pids]);
      lock.remove(pid);
    },
    dismiss: guard.dismiss,
  };
};

interface StartAllOptions {
  readonly supervisor: Supervisor;
  readonly progress: (what: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Starts all processes at the same time. Rejects when the first one fails. */
const startAll = async (
  processes: readonly ServiceProcess[],
  { supervisor, progress, signal }: StartAllOptions,
): Promise<void> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    const ready = processes.map(async (each) => {
      await each.start({ timeoutMs: 60_000 });
      supervisor.watch(each);
      progress(each.name);
    });
    await Promise.race([Promise.all(ready), aborted]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
};

/** Rejects when the port is in use. */
const assertFree = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause) =>
      reject(new Error(`port ${port} on 127.0.0.1 is taken; set PORT to a free one`, { cause })),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
