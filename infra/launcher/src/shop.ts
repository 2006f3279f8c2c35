import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { freePort, memoryOf, startPostgres } from '@emporium/servers';
import { applyTopology } from './apply-topology.ts';
import { claimDataDir } from './claim.ts';
import { createEnvironment } from './environment.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { createServiceProcess, type ServiceProcess } from './service-process.ts';
import { services } from './services.ts';
import { createSettings } from './settings.ts';

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
 * signal's reason) is thrown.
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

  const stop = async (): Promise<void> => {
    const gateway = processes.get('gateway');
    await gateway?.stop();
    const others = [...processes.values(), ...more].filter((each) => each !== gateway);
    await Promise.all(others.map((each) => each.stop()));
    await database?.stop();
    await claim.release();
  };

  try {
    await assertFree(options.port);
    await mkdir(logDir, { recursive: true });
    const secrets = await loadSecrets(join(dataDir, 'secrets.json'));
    const server = await startPostgres({
      dataDir: join(dataDir, 'postgres'),
      settings: { max_connections: '300' },
    });
    database = server;
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
      const main = resolve(import.meta.dirname, '../../../services', mainOf(name));
      return createServiceProcess({
        name: `${name}${suffix}`,
        main,
        env: { ...environment(name), PORT: String(port) },
        logFile: join(logDir, `${name}${suffix}.log`),
        address: `http://127.0.0.1:${port}`,
        onSpawn: (pid) => claim.add({ pid, main }),
      });
    };
    for (const name of names) processes.set(name, create(name, settings.port(name)));
    await startAll([...processes.values()], progress, signal);

    return {
      url: settings.address('gateway'),
      busUrl,
      admin: { email: secrets.adminEmail, password: secrets.adminPassword },
      processes,
      database: server,
      logDir,
      databaseUrl: (service) => server.url(service),
      scale: async (service) => {
        const added = create(service, await freePort(), `-${more.length + 2}`);
        more.push(added);
        await added.start();
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

/** Below `services/`. */
const mainOf = (name: string): string => {
  const part = services.find((entry) => entry.name === name)?.part;
  return part === undefined ? `${name}/src/main.ts` : `${part.service}/${part.main}`;
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

/** All at once. Does not wait for the others when one fails. */
const startAll = async (
  processes: readonly ServiceProcess[],
  progress: (what: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    const ready = processes.map(async (each) => {
      await each.start({ timeoutMs: 60_000 });
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
