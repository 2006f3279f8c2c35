import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, type Log } from '@emporium/bus';
import type { TransportStatus } from '@emporium/bus/transport';
import {
  type Admin,
  type Cluster,
  Kafka,
  logLevel,
  type PartitionAssigner,
  type RetryOptions,
} from 'kafkajs';
import { atMost } from './at-most.ts';
import type { Config } from './config.ts';
import { decodeByOurs } from './decoding/install.ts';
import { createHealth, type Health, isAway, typeOfError } from './health.ts';
import { within } from './within.ts';

/** What a transport holds of its cluster. */
export interface Connection {
  readonly config: Config;
  readonly log: Log;
  readonly health: Health;
  /** A client of its own: consumers of one group must not share one, because kafkajs keeps their offsets in it. */
  client(retry?: RetryOptions): Kafka;
  /** Topics and groups. */
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
  /** Reads offsets and records outside of any group. */
  cluster<T>(work: (cluster: Cluster) => Promise<T>): Promise<T>;
  /** Repeats the work while the broker is away, up to `ms` (`timeoutMs`); then throws `bus.broker_away`. It must be repeatable. */
  patiently<T>(work: () => Promise<T>, ms?: number): Promise<T>;
  /** Finds out whether the broker is there, for `status`: who only publishes, and has nothing to say, would not know. */
  probe(): Promise<void>;
  status(): TransportStatus;
  /** From now on nobody waits for a broker that is away. */
  closing(): void;
  isClosed(): boolean;
  close(): Promise<void>;
}

/** How long a broker that does not answer may hold up the end, in milliseconds. */
const closeTimeoutMs = 2_000;

/** Whoever calls tries again itself: kafkajs is to give up soon. */
const impatient: RetryOptions = {
  initialRetryTime: 50,
  maxRetryTime: 300,
  retries: 3,
  factor: 0.2,
  multiplier: 2,
};

/** Requests of an idle cluster may take as long as this on a busy machine. */
const leastRequestTimeoutMs = 5_000;

/** Work of several requests, some of them repeated by kafkajs, is done or given up by then. */
const workTimeoutMs = 20_000;

export const createConnection = (config: Config): Connection => {
  decodeByOurs();
  const { log } = config;
  const health = createHealth();
  let closed = false;

  const client = (retry: RetryOptions = impatient): Kafka =>
    new Kafka({
      clientId: config.connectionName,
      brokers: [...config.brokers],
      ssl: config.tls,
      ...(config.sasl === undefined ? {} : { sasl: config.sasl }),
      connectionTimeout: 2_000,
      requestTimeout: Math.max(config.timeoutMs, leastRequestTimeoutMs),
      retry,
      logLevel: logLevel.NOTHING, // what goes wrong is told by whoever asked for it
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
          return clusters.use(work); // afresh: it remembered a topic that is no more
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

/** What kafkajs works with inside of a consumer; a partition assigner is given it, and here only it. */
const clusterOf = (client: Kafka): Cluster => {
  let found: Cluster | undefined;
  const catcher: PartitionAssigner = ({ cluster }) => {
    found = cluster;
    const unused = () => {
      throw new Error('this consumer never joins a group');
    };
    return { name: 'none', version: 0, assign: unused, protocol: unused };
  };
  client.consumer({ groupId: 'none', partitionAssigners: [catcher], allowAutoTopicCreation: false });
  if (found === undefined) throw new Error('kafkajs gave no cluster: it must be 2.2');
  return found;
};

/** Opened when it is first used, and afresh after the connection failed. */
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
        return await within(workTimeoutMs, mine.then(work));
      } catch (error) {
        // It may go on asking for a topic that is no more, too.
        void drop(mine);
        throw error;
      }
    },
    close: () => drop(current),
  };
};
