import { canStart, startKafka, startPostgres, startRabbitmq, startRedis } from '@emporium/servers';
import type { Broker } from './options.ts';

/** A server of its own, that holds nothing yet. */
export interface RunningBroker {
  /** For a transport. */
  readonly url: string;
  /** Resident bytes. */
  memory(): number;
  stop(): Promise<void>;
}

interface BrokerKind {
  readonly title: string;
  /** What an accepted message may rely on, in a few words. */
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

/** Runs the work on a new server, which is gone afterwards. */
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

/** Why these servers cannot all be started here, or undefined when they can. */
export const lacking = async (kinds: readonly Broker[]): Promise<string | undefined> => {
  for (const kind of kinds) {
    const server = await canStart(kind);
    if (!server.available) return server.title(kind);
  }
  return undefined;
};
