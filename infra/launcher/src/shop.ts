import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createProcessGuard, memoryOf, startPostgres } from '@emporium/servers';
import { applyTopology } from './apply-topology.ts';
import { type Claim, claimDataDir } from './claim.ts';
import { createEnvironment } from './environment.ts';
import { lastingPort } from './ports.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { createServiceProcess, type ServiceProcess } from './service-process.ts';
import { services } from './services.ts';
import { createSettings } from './settings.ts';
import { createSupervisor, type Incident, type Supervised, type Supervisor } from './supervisor.ts';

export interface ShopOptions {
  /** Databases, logs and secrets; kept, and used again by the next start. */
  readonly dataDir: string;
  /** Where people call: the gateway, on 127.0.0.1. */
  readonly port: number;
  /** The broker; by default the embedded PostgreSQL. */
  readonly busUrl?: string;
  /** The broker of the open streams; by default the embedded PostgreSQL, too. */
  readonly streamUrl?: string;
  /** The task queues; by default the embedded PostgreSQL. */
  readonly tasksUrl?: string;
  /** More variables, by service; `*` is for all. */
  readonly env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Told of each step: what is up, and after how many milliseconds. */
  readonly progress?: (what: string, ms: number) => void;
  /** Whether a service, or the database, that ends by itself is started again; true unless given. */
  readonly restart?: boolean;
  /** Told when one ends by itself, when it is back, and when it keeps ending. */
  readonly onIncident?: (incident: Incident) => void;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

/** The database server of a shop, to be stopped and killed in tests. */
type Database = Awaited<ReturnType<typeof startPostgres>>;

export interface Shop {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly busUrl: string;
  readonly admin: { readonly email: string; readonly password: string };
  readonly processes: ReadonlyMap<string, ServiceProcess>;
  readonly database: Database;
  readonly logDir: string;
  /** The superuser's URL of a service's database. */
  databaseUrl(service: string): string;
  /** Starts one more process of a service, which shares its subscriptions and its outbox. */
  scale(service: string): Promise<ServiceProcess>;
  /** Resident bytes of all processes; what PostgreSQL's backends share is counted once. */
  memory(): number;
  /** Drains every process, then stops the database. */
  stop(): Promise<void>;
}

/**
 * The whole shop: an embedded PostgreSQL with a database and a role per service, the topology applied, and every service as
 * its own process, ready. When a part fails to start, or `signal` aborts, those before it are stopped and the failure (the
 * signal's reason) is thrown. What was ready once is started again when it ends by itself. Nothing of it outlives this
 * process, which goes on until the shop is stopped.
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
  const claim = await claimDataDir(dataDir);
  const processes = new Map<string, ServiceProcess>();
  const more: ServiceProcess[] = [];
  let database: Database | undefined;
  const supervisor = createSupervisor({
    report: options.onIncident ?? (() => undefined),
    restarts: options.restart ?? true,
  });
  const children = watchChildren(claim);
  // Processes of their own keep nobody alive once they are dead.
  const keptAlive = setInterval(() => undefined, 60_000);

  const stop = async (): Promise<void> => {
    supervisor.stop();
    const gateway = processes.get('gateway');
    await gateway?.stop();
    const others = [...processes.values(), ...more].filter((each) => each !== gateway);
    await Promise.all(others.map((each) => each.stop()));
    await database?.stop();
    children.dismiss();
    clearInterval(keptAlive);
    claim.release();
  };

  try {
    await assertFree(options.port);
    await mkdir(logDir, { recursive: true });
    const secrets = await loadSecrets(join(dataDir, 'secrets.json'));
    const server = await startPostgres({
      dataDir: join(dataDir, 'postgres'),
      port: await lastingPort(new Set([options.port])),
      settings: { max_connections: '300' },
    });
    database = server;
    supervisor.watch(supervisedDatabase(server));
    progress('PostgreSQL');
    const databases = await createDatabases(server, secrets);
    progress(`${databases.size} databases, each with its own role`);
    const busUrl = options.busUrl ?? databases.get('bus') ?? '';
    const streamUrl = options.streamUrl ?? databases.get('bus') ?? '';
    await applyTopology({ busUrl, streamUrl });
    progress('topology: every registered subscription is declared');

    const names = services.map(({ name }) => name);
    const settings = await createSettings({
      ...{ dataDir, secrets, services: names },
      port: options.port,
      tasksUrl: options.tasksUrl ?? databases.get('tasks') ?? '',
    });
    const environment = createEnvironment({
      ...{ settings, databases, busUrl, streamUrl },
      extra: options.env ?? {},
    });
    const create = (name: string, port: number, suffix = '') => {
      const main = resolve(import.meta.dirname, '../../..', mainOf(name));
      return createServiceProcess({
        name: `${name}${suffix}`,
        main,
        env: { ...environment(name), PORT: String(port) },
        logFile: join(logDir, `${name}${suffix}.log`),
        address: `http://127.0.0.1:${port}`,
        onSpawn: children.add,
        onExit: children.remove,
      });
    };
    for (const name of names) processes.set(name, create(name, settings.port(name)));
    await startAll([...processes.values()], { supervisor, progress, signal });

    return {
      url: settings.address('gateway'),
      busUrl,
      admin: { email: secrets.adminEmail, password: secrets.adminPassword },
      processes,
      database: server,
      logDir,
      databaseUrl: (service) => server.url(service),
      scale: async (service) => {
        const added = create(service, await lastingPort(new Set()), `-${more.length + 2}`);
        more.push(added);
        await added.start();
        supervisor.watch(added);
        return added;
      },
      memory: () =>
        [...processes.values(), ...more].reduce(
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

/** The path of the program that a process runs, from the root of the repository. */
const mainOf = (name: string): string => {
  const entry = services.find((each) => each.name === name);
  if (entry?.part !== undefined) return `services/${entry.part.service}/${entry.part.main}`;
  return `${entry?.standIn ? 'infra/stand-ins' : 'services'}/${name}/src/main.ts`;
};

/** One for each service that has one, one that is the embedded broker, and one for the task queues; gives their URLs. */
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

/** As a part of the shop that can end by itself. */
const supervisedDatabase = (server: Database): Supervised => ({
  name: 'PostgreSQL',
  logFile: server.logFile,
  get pid() {
    return server.pid;
  },
  wanted: true,
  start: () => server.startServer(),
  onCrash: server.onCrash,
});

/** Ends them when this process is gone: those that do not see it by themselves, or stand still, and what a killed launcher left. */
const watchChildren = (claim: Claim) => {
  const guard = createProcessGuard({ signal: 'TERM' });
  const pids = new Set<number>();
  return {
    add: (pid: number) => {
      pids.add(pid);
      guard.watch([...pids]);
      claim.add(pid);
    },
    remove: (pid: number) => {
      pids.delete(pid);
      guard.watch([...pids]);
      claim.remove(pid);
    },
    dismiss: guard.dismiss,
  };
};

interface StartAll {
  readonly supervisor: Supervisor;
  readonly progress: (what: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** All at once. Does not wait for the others when one fails. */
const startAll = async (
  processes: readonly ServiceProcess[],
  { supervisor, progress, signal }: StartAll,
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

/** Throws, naming the port and the variable, when somebody listens there. */
const assertFree = (port: number): Promise<void> =>
  new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', (cause) =>
      fail(new Error(`port ${port} on 127.0.0.1 is taken; set PORT to a free one`, { cause })),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => done()));
  });
