import type { OwnServer, ServerKind } from './server-kind.ts';
import { sharedUrlOf } from './sharing.ts';
import { programsMissing, sourceOf } from './source.ts';

/** Whether a suite has a server. For `describe.skipIf(!server.available)(server.title('…'), …)`. */
export interface Availability {
  readonly available: boolean;
  /** The suite's title, which includes the reason when it is skipped. */
  title(suite: string): string;
}

/** A server that suites share, or the reason why there is none. */
export interface ServerForSuite extends Availability {
  /** A superuser's URL (PostgreSQL: of the database `postgres`). Throws the reason when there is no server. */
  readonly url: string;
}

/** A server for one suite, which may stop and kill it. */
export interface OwnServerForSuite extends Availability {
  start(): Promise<OwnServer>;
}

/** The environment variables with the URLs of servers. */
const variables: Readonly<Record<ServerKind, string>> = {
  postgres: 'POSTGRES_URL',
  rabbitmq: 'RABBITMQ_URL',
  redis: 'REDIS_URL',
  kafka: 'KAFKA_URL',
};

/**
 * The server of a suite: the one whose URL is in the environment (`POSTGRES_URL`, `RABBITMQ_URL`, `REDIS_URL`, `KAFKA_URL`), else one
 * in a container or from this machine's programs, started once for the whole run, else none, with the reason. Throws instead when
 * `REQUIRE_BROKERS` (comma separated) contains the kind.
 */
export const serverFor = async (kind: ServerKind): Promise<ServerForSuite> => {
  const url = process.env[variables[kind]];
  if (url) return { ...available, url };
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
  return { ...available, url: (await sharedUrlOf(kind)) ?? (await startOnce(kind)).url };
};

/** A server for one suite, in a container or from this machine's programs; never the one of a URL, which we may not stop. */
export const ownServerFor = async (kind: ServerKind): Promise<OwnServerForSuite> => {
  const source = await sourceOf(kind);
  if (source.from !== 'nowhere') return { ...available, start: source.start };
  return {
    ...unavailable(kind, source.reason),
    start: () => Promise.reject(new Error(`no ${kind}: ${source.reason}`)),
  };
};

/**
 * Whether `startPostgres`, `startRabbitmq`, `startRedis` or `startKafka` can start a server from this machine's programs, for suites
 * that a container is not enough for. `REQUIRE_BROKERS` has the same effect as in `serverFor`.
 */
export const canStart = async (kind: ServerKind): Promise<Availability> => {
  const missing = await programsMissing(kind);
  return missing === undefined ? available : unavailable(kind, missing);
};

const running = new Map<ServerKind, Promise<OwnServer>>();

/** The server of this process, started by the first call. */
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
