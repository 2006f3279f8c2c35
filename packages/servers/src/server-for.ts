import { startPostgres } from './postgres.ts';
import { findInstallation } from './postgres-installation.ts';
import { startRabbitmq } from './rabbitmq.ts';
import { rabbitmqMissing } from './rabbitmq-node.ts';
import { askSharer } from './sharing.ts';

export type ServerKind = 'postgres' | 'rabbitmq';

/** A server that a suite may use beside others, or the reason why it has none. */
export interface ServerForSuite {
  readonly available: boolean;
  /** A superuser's URL (PostgreSQL: of the database `postgres`). Throws the reason when there is no server. */
  readonly url: string;
  /** A suite's title, which names the reason when it is skipped. */
  title(suite: string): string;
}

/** What is known about a kind of server; the one place that does. */
const kinds: Record<
  ServerKind,
  { variable: string; missing(): Promise<string | undefined>; start(): Promise<Started> }
> = {
  postgres: {
    variable: 'POSTGRES_URL',
    missing: () => findInstallation().then(() => undefined, messageOf),
    start: async () => {
      const server = await startPostgres({ settings: { max_connections: '400' } });
      return { url: server.adminUrl, stop: server.stop };
    },
  },
  rabbitmq: {
    variable: 'RABBITMQ_URL',
    missing: async () => rabbitmqMissing(),
    start: () => startRabbitmq(),
  },
};

export interface Started {
  url: string;
  stop(): Promise<void>;
}

/**
 * The server that a suite gets: the one whose URL is in the environment (`POSTGRES_URL`, `RABBITMQ_URL`), else one from
 * this machine's programs, started once for the whole run, else none, with the reason. A kind that `REQUIRE_BROKERS`
 * (comma separated) names is an error instead of none. For `describe.skipIf(!server.available)(server.title('…'), …)`.
 */
export const serverFor = async (kind: ServerKind): Promise<ServerForSuite> => {
  const given = process.env[kinds[kind].variable];
  if (given) return available(given);
  const missing = await kinds[kind].missing();
  if (missing !== undefined) return unavailable(kind, `${kinds[kind].variable} is not set and ${missing}`);
  return available((await askSharer(kind)) ?? (await startOnce(kind)).url);
};

/**
 * Whether this machine can start a server of its own for a suite that stops, restarts or kills it: `startPostgres` and
 * `startRabbitmq` will work then. `REQUIRE_BROKERS` counts here too.
 */
export const canStart = async (kind: ServerKind): Promise<Omit<ServerForSuite, 'url'>> => {
  const missing = await kinds[kind].missing();
  return missing === undefined ? available('') : unavailable(kind, missing);
};

const running = new Map<ServerKind, Promise<Started>>();

/** The server of this process, started at the first call. */
export const startOnce = (kind: ServerKind): Promise<Started> => {
  const started = running.get(kind) ?? kinds[kind].start();
  running.set(kind, started);
  return started;
};

/** Stops what `startOnce` started. */
export const stopAll = async (): Promise<void> => {
  const started = await Promise.allSettled(running.values());
  running.clear();
  await Promise.all(
    started.map((server) => (server.status === 'fulfilled' ? server.value.stop() : undefined)),
  );
};

const available = (url: string): ServerForSuite => ({ available: true, url, title: (suite) => suite });

const unavailable = (kind: ServerKind, reason: string): ServerForSuite => {
  const required = (process.env['REQUIRE_BROKERS'] ?? '').split(',').map((name) => name.trim());
  if (required.includes(kind)) throw new Error(`REQUIRE_BROKERS names ${kind}, but ${reason}`);
  return {
    available: false,
    get url(): string {
      throw new Error(`no ${kind}: ${reason}`);
    },
    title: (suite) => `${suite} (skipped: ${reason})`,
  };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
