import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, type Log } from '@emporium/bus';
import { atMost, type TransportStatus } from '@emporium/bus/transport';
import { type Admin, type Cluster, Kafka, logLevel, type RetryOptions } from 'kafkajs';
import type { Config } from './config.ts';
import { createHealth, type Health, isAway, typeOfError } from './health.ts';
import { clusterOf } from './kafkajs/cluster.ts';
import { installRecordDecoder } from './kafkajs/record-decoder.ts';
import { withTimeout } from './timeouts.ts';

/** The connections of one transport to its cluster. */
export interface Connection {
  readonly config: Config;
  readonly log: Log;
  readonly health: Health;
  /** A new client: consumers of one group must not share one, because kafkajs keeps their offsets in it. */
  client(retry?: RetryOptions): Kafka;
  /** Runs work on topics and groups. */
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
  /** Runs work on offsets and records outside of any group. */
  cluster<T>(work: (cluster: Cluster) => Promise<T>): Promise<T>;
  /** Repeats the work while the broker is away, for `ms` (`timeoutMs` by default); then throws `bus.broker_away`. It must be repeatable. */
  patiently<T>(work: () => Promise<T>, ms?: number): Promise<T>;
  /** Sends a request, so that `status` is right also for an instance that has nothing to publish. */
  probe(): Promise<void>;
  status(): TransportStatus;
  /** From now on nothing waits for a broker that is away. */
  closing(): void;
  isClosed(): boolean;
  close(): Promise<void>;
}

/** How long a broker that does not answer may delay `close`. */
const closeTimeoutMs = 2_000;

/** The callers retry, so kafkajs gives up soon. */
const shortRetry: RetryOptions = {
  initialRetryTime: 50,
  maxRetryTime: 300,
  retries: 3,
  factor: 0.2,
  multiplier: 2,
};

/** A request may take as long on a busy machine. */
const minRequestTimeoutMs = 5_000;

/** The limit for several requests together, with the retries of kafkajs. */
const workTimeoutMs = 20_000;

export const createConnection = (config: Config): Connection => {
  installRecordDecoder();
  const { log } = config;
  const health = createHealth();
  let closed = false;

  const client = (retry: RetryOptions = shortRetry): Kafka =>
    new Kafka({
      clientId: config.connectionName,
      brokers: [...config.brokers],
      ssl: config.tls,
      ...(config.sasl === undefined ? {} : { sasl: config.sasl }),
      connectionTimeout: 2_000,
      requestTimeout: Math.max(config.timeoutMs, minRequestTimeoutMs),
      retry,
      logLevel: logLevel.NOTHING, // the callers log what fails
    });

  const admins = keep(
    async () => {
      const admin = client().admin();
      await admin.connect();
      return admin;
    },
    (admin) => admin.disconnect(),
  );
  const clusters = keep(
    async () => {
      const cluster = clusterOf(client());
      await cluster.connect();
      return cluster;
    },
    (cluster) => cluster.disconnect(),
  );

  const observed = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const result = await work;
      health.up();
      return result;
    } catch (error) {
      if (isAway(error)) health.away(error);
      throw error;
    }
  };

  const admin: Connection['admin'] = (work) => observed(admins.use(work));

  return {
    config,
    log,
    health,
    client,
    admin,
    probe: async () => {
      if (!closed) await admin((one) => one.describeCluster());
    },
    cluster: (work) =>
      observed(
        clusters.use(work).catch((error: unknown) => {
          if (typeOfError(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
          return clusters.use(work); // a new one: the old one remembered a topic that was deleted
        }),
      ),
    patiently: async (work, ms = config.timeoutMs) => {
      const deadline = Date.now() + ms;
      for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 250)) {
        try {
          return await work();
        } catch (cause) {
          if (!isAway(cause)) throw cause;
          if (closed) throw busErrors.closed({ cause });
          if (Date.now() + pauseMs > deadline) throw busErrors.broker_away({ broker: 'kafka', cause });
          await sleep(pauseMs);
        }
      }
    },
    status: () => (closed ? { state: 'away', reason: 'closed' } : health.status()),
    closing: () => {
      closed = true;
    },
    isClosed: () => closed,
    close: async () => {
      closed = true;
      await atMost(closeTimeoutMs, Promise.allSettled([admins.close(), clusters.close()]));
    },
  };
};

/** Opens a resource at its first use, and again after work on it has failed. */
const keep = <T>(open: () => Promise<T>, close: (resource: T) => Promise<void>) => {
  let current: Promise<T> | undefined;
  const drop = async (resource: Promise<T> | undefined): Promise<void> => {
    if (resource === undefined) return;
    if (current === resource) current = undefined;
    await atMost(closeTimeoutMs, resource.then(close));
  };
  return {
    use: async <R>(work: (resource: T) => Promise<R>): Promise<R> => {
      current ??= open();
      const mine = current;
      try {
        return await withTimeout(workTimeoutMs, mine.then(work));
      } catch (error) {
        void drop(mine);
        throw error;
      }
    },
    close: () => drop(current),
  };
};
