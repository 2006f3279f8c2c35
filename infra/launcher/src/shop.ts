import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { shop as registry } from '@emporium/contracts';
import { freePort, memoryOf, startPostgres } from '@emporium/servers';
import { createTransport } from '@emporium/service';
import { pino } from 'pino';
import { loadSecrets } from './secrets.ts';
import { createServiceProcess, type ServiceProcess } from './service-process.ts';
import { services } from './services.ts';
import { createSettings, type Settings } from './settings.ts';

export interface ShopOptions {
  /** Databases, logs and secrets; kept, and used again by the next start. */
  readonly dataDir: string;
  /** Where people call: the gateway, on 127.0.0.1. */
  readonly port: number;
  /** The broker; by default the embedded PostgreSQL. */
  readonly busUrl?: string;
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
 * its own process, ready. When a part fails to start, those before it are stopped and the failure is thrown.
 */
export const startShop = async (options: ShopOptions): Promise<Shop> => {
  const dataDir = resolve(options.dataDir);
  const logDir = join(dataDir, 'logs');
  const started = Date.now();
  const progress = (what: string) => {
    options.signal?.throwIfAborted();
    options.progress?.(what, Date.now() - started);
  };
  await assertFree(options.port);
  await mkdir(logDir, { recursive: true });
  const secrets = await loadSecrets(join(dataDir, 'secrets.json'));
  const database = await startPostgres({
    dataDir: join(dataDir, 'postgres'),
    settings: { max_connections: '300' },
  });
  progress('PostgreSQL');

  const processes = new Map<string, ServiceProcess>();
  const more: ServiceProcess[] = [];
  const stop = async (): Promise<void> => {
    const gateway = processes.get('gateway');
    await gateway?.stop();
    await Promise.all(
      [...processes.values(), ...more].filter((each) => each !== gateway).map((each) => each.stop()),
    );
    await database.stop();
  };

  try {
    const owned = services.filter((entry) => entry.database).map(({ name }) => name);
    const databases = new Map<string, string>();
    for (const name of [...owned, 'bus']) {
      databases.set(name, await database.createDatabase(name, { name, password: secrets.databasePassword }));
    }
    const busUrl = options.busUrl ?? databases.get('bus') ?? '';
    progress(`${databases.size} databases, each with its own role`);
    await applyTopology(busUrl);
    progress('topology: every registered subscription is declared');

    const names = services.map(({ name }) => name);
    const settings = await createSettings({ dataDir, secrets, port: options.port, services: names });
    const environment = createEnvironment({ settings, databases, busUrl, extra: options.env ?? {} });
    const create = (name: string, port: number, suffix = '') =>
      createServiceProcess({
        name: `${name}${suffix}`,
        main: resolve(import.meta.dirname, `../../../services/${name}/src/main.ts`),
        env: { ...environment(name), PORT: String(port) },
        logFile: join(logDir, `${name}${suffix}.log`),
        address: `http://127.0.0.1:${port}`,
      });
    for (const name of names) processes.set(name, create(name, settings.port(name)));
    await startAll([...processes.values()], progress);

    return {
      url: settings.address('gateway'),
      busUrl,
      admin: { email: secrets.adminEmail, password: secrets.adminPassword },
      processes,
      database,
      logDir,
      databaseUrl: (service) => database.url(service),
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
        ) + database.memory(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

const startAll = async (
  processes: readonly ServiceProcess[],
  progress: (what: string) => void,
): Promise<void> => {
  const results = await Promise.allSettled(
    processes.map(async (each) => {
      await each.start({ timeoutMs: 60_000 });
      progress(each.name);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

/** Declares every registered subscription, before anyone publishes. */
export const applyTopology = async (busUrl: string): Promise<void> => {
  const transport = await createTransport({
    url: busUrl,
    service: 'topology',
    log: pino({ level: 'silent' }),
  });
  try {
    await transport.topology(registry).apply();
  } finally {
    await transport.close();
  }
};

interface EnvironmentOptions {
  readonly settings: Settings;
  readonly databases: ReadonlyMap<string, string>;
  readonly busUrl: string;
  readonly extra: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const createEnvironment =
  ({ settings, databases, busUrl, extra }: EnvironmentOptions) =>
  (name: string): Record<string, string> => {
    const entry = services.find((each) => each.name === name);
    const databaseUrl = databases.get(name);
    return {
      JWT_PUBLIC_KEY: settings.secrets.jwtPublicKey,
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl, BUS_URL: busUrl }),
      ...entry?.env(settings),
      ...extra['*'],
      ...extra[name],
    };
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
