import type { OwnServer, ServerKind } from './server-kind.ts';
import { askSharer } from './sharing.ts';
import { programsMissing, sourceOf } from './source.ts';

/** Whether a suite has a server. For `describe.skipIf(!server.available)(server.title('…'), …)`. */
export interface Availability {
  readonly available: boolean;
  /** A suite's title, which names the reason when it is skipped. */
  title(suite: string): string;
}

/** A server that a suite may use beside others, or the reason why it has none. */
export interface ServerForSuite extends Availability {
  /** A superuser's URL (PostgreSQL: of the database `postgres`). Throws the reason when there is no server. */
  readonly url: string;
}

/** A server of the suite's own, to be stopped and killed. */
export interface OwnServerForSuite extends Availability {
  start(): Promise<OwnServer>;
}

/** Where the environment may name a server. */
const variables: Readonly<Record<ServerKind, string>> = {
  postgres: 'POSTGRES_URL',
  rabbitmq: 'RABBITMQ_URL',
  redis: 'REDIS_URL',
  kafka: 'KAFKA_URL',
};

/**
 * The server that a suite gets: the one whose URL is in the environment (`POSTGRES_URL`, `RABBITMQ_URL`, `REDIS_URL`,
 * `KAFKA_URL`), else one in a container or of this machine's programs, started once for the whole run, else none, with the reason. A kind that
 * `REQUIRE_BROKERS` (comma separated) names is an error instead of none.
 */
export const serverFor = async (kind: ServerKind): Promise<ServerForSuite> => {
  const given = process.env[variables[kind]];
  if (given) return { ...available, url: given };
  const source = await sourceOf(kind);
  if (source.from === 'nowhere') {
    const reason = `${variables[kind]} is not set and ${source.reason}`;
    return {
      ...unavailable(kind, reason),
      get url(): string {
        throw new Error(`no ${kind}: ${reason}`);
      },
    };
  }
  return { ...available, url: (await askSharer(kind)) ?? (await startOnce(kind)).url };
};

/** A server of the suite's own, from where `serverFor` takes its own; never the one of a URL, which is not ours to stop. */
export const ownServerFor = async (kind: ServerKind): Promise<OwnServerForSuite> => {
  const source = await sourceOf(kind);
  if (source.from !== 'nowhere') return { ...available, start: source.start };
  return {
    ...unavailable(kind, source.reason),
    start: () => Promise.reject(new Error(`no ${kind}: ${source.reason}`)),
  };
};

/**
 * Whether this machine's programs can start a server for a suite that needs more of it than a container gives:
 * `startPostgres`, `startRabbitmq`, `startRedis` and `startKafka` will work then. `REQUIRE_BROKERS` counts here too.
 */
export const canStart = async (kind: ServerKind): Promise<Availability> => {
  const missing = await programsMissing(kind);
  return missing === undefined ? available : unavailable(kind, missing);
};

const running = new Map<ServerKind, Promise<OwnServer>>();

/** The server of this process, started at the first call. */
export const startOnce = (kind: ServerKind): Promise<OwnServer> => {
  const started = running.get(kind) ?? start(kind);
  running.set(kind, started);
  return started;
};

const start = async (kind: ServerKind): Promise<OwnServer> => {
  const source = await sourceOf(kind);
  if (source.from === 'nowhere') throw new Error(`no ${kind}: ${source.reason}`);
  return source.start();
};

/** Stops what `startOnce` started. */
export const stopAll = async (): Promise<void> => {
  const started = await Promise.allSettled(running.values());
  running.clear();
  await Promise.all(
    started.map((server) => (server.status === 'fulfilled' ? server.value.stop() : undefined)),
  );
};

const available: Availability = { available: true, title: (suite) => suite };

const unavailable = (kind: ServerKind, reason: string): Availability => {
  const required = (process.env['REQUIRE_BROKERS'] ?? '').split(',').map((name) => name.trim());
  if (required.includes(kind)) throw new Error(`REQUIRE_BROKERS names ${kind}, but ${reason}`);
  return { available: false, title: (suite) => `${suite} (skipped: ${reason})` };
};
