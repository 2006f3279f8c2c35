import { canStart, startKafka, startPostgres, startRabbitmq, startRedis } from '@emporium/servers';
import type { Broker } from './options.ts';

/** A new, empty server. */
export interface RunningBroker {
  /** The url for a transport. */
  readonly url: string;
  /** Resident bytes. */
  memory(): number;
  stop(): Promise<void>;
}

interface BrokerKind {
  readonly title: string;
  /** Where an accepted message is stored, in a few words. */
  readonly durability: string;
  start(): Promise<RunningBroker>;
}

export const brokerKinds: Readonly<Record<Broker, BrokerKind>> = {
  rabbitmq: {
    title: 'RabbitMQ',
    durability: 'on the disks of most nodes (quorum queues)',
    start: startRabbitmq,
  },
  postgres: {
    title: 'PostgreSQL',
    durability: "in the server's log on disk (commit)",
    start: async () => {
      const server = await startPostgres();
      return { ...server, url: await server.createDatabase('bus'), memory: () => server.memory() };
    },
  },
  kafka: {
    title: 'Kafka',
    durability: 'with all replicas in sync, on disk soon after (acks=all)',
    start: async () => startKafka(),
  },
  redis: {
    title: 'Redis',
    durability: "in the server's log on disk (appendfsync always)",
    start: async () => startRedis(),
  },
};

/** Runs the work on a new server, which is removed afterwards. */
export const onBroker = async <T>(
  broker: Broker,
  work: (running: RunningBroker) => Promise<T>,
): Promise<T> => {
  const running = await brokerKinds[broker].start();
  try {
    return await work(running);
  } finally {
    await running.stop();
  }
};

/** The reason why these servers cannot all be started here, or undefined. */
export const missingServers = async (kinds: readonly Broker[]): Promise<string | undefined> => {
  for (const kind of kinds) {
    const server = await canStart(kind);
    if (!server.available) return server.title(kind);
  }
  return undefined;
};
