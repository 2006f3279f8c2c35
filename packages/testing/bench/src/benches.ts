import { type PostgresServer, startPostgres } from '@emporium/servers';
import { brokerKinds, onBroker } from './brokers.ts';
import { type Broker, brokers, type Part } from './options.ts';
import { benchPipeline } from './pipeline.ts';
import { openRawAmqplib } from './raw-amqplib.ts';
import { openRawBullmqOnPostgres, openRawBullmqOnRedis } from './raw-bullmq.ts';
import { openRawIoredis } from './raw-ioredis.ts';
import { openRawKafkajs } from './raw-kafkajs.ts';
import type { Figure } from './report.ts';
import { benchSensors } from './sensor-load.ts';
import { benchShop } from './shop-load.ts';
import type { TaskContender } from './task-contender.ts';
import { benchTasks } from './tasks.ts';
import { benchPostgresTransport, benchTransportOf } from './transports.ts';

export interface Bench {
  readonly part: Part;
  readonly broker: Broker;
  readonly title: string;
  /** Servers that this machine must be able to start. */
  readonly needs: readonly Broker[];
  readonly run: () => Promise<readonly Figure[]>;
}

/** Our transport against the client library that it is made of. */
const transports: Readonly<
  Record<Broker, { against: string; run: (url: string) => Promise<readonly Figure[]> }>
> = {
  // One call a message: the raw side publishes them one by one, too.
  rabbitmq: {
    against: 'amqplib',
    run: (url) => benchTransportOf(url, openRawAmqplib, { perCall: 1, atLeast: 0.9 }),
  },
  postgres: { against: 'pg', run: benchPostgresTransport },
  kafka: { against: 'kafkajs', run: (url) => benchTransportOf(url, openRawKafkajs, { atLeast: 0.85 }) },
  redis: {
    against: 'ioredis',
    // Of 10,000 a round would be 70 ms, and one collection of garbage, on either side, would decide it.
    run: (url) => benchTransportOf(url, openRawIoredis, { atLeast: 0.85, messages: 40_000 }),
  },
};

/** Where task queues can be, and BullMQ by itself there. */
const rawTasks = {
  postgres: openRawBullmqOnPostgres,
  redis: openRawBullmqOnRedis,
} satisfies Partial<Record<Broker, (url: string) => Promise<TaskContender>>>;

/** Each starts servers of its own, so that none finds what another left. */
export const benches: readonly Bench[] = [
  ...brokers.map(
    (broker): Bench => ({
      part: 'transport',
      broker,
      title: `bus-${broker} against raw ${transports[broker].against}`,
      needs: [broker],
      run: () => onBroker(broker, ({ url }) => transports[broker].run(url)),
    }),
  ),
  ...brokers.map(
    (broker): Bench => ({
      part: 'pipeline',
      broker,
      title: `validation, inbox, state, outbox, relay and ack over ${brokerKinds[broker].title}`,
      needs: [broker, 'postgres'],
      run: () =>
        onBoth(broker, async (server, busUrl) =>
          benchPipeline({ busUrl, databaseUrl: await server.createDatabase('inventory') }),
        ),
    }),
  ),
  ...(['postgres', 'redis'] as const).map(
    (broker): Bench => ({
      part: 'tasks',
      broker,
      title: `tasks against raw BullMQ, on ${brokerKinds[broker].title}`,
      needs: [broker],
      run: () => onBroker(broker, ({ url }) => benchTasks(rawTasks[broker], url)),
    }),
  ),
  ...brokers.map(
    (broker): Bench => ({
      part: 'sensors',
      broker,
      title: `the sensor stream over ${brokerKinds[broker].title}, end to end`,
      needs: [broker, 'postgres'],
      run: () => onBoth(broker, (server, streamUrl) => benchSensors({ server, streamUrl })),
    }),
  ),
  ...brokers.map(
    (broker): Bench => ({
      part: 'shop',
      broker,
      title: `the whole shop over ${brokerKinds[broker].title}`,
      needs: [broker, 'postgres'],
      run: () => onShopBroker(broker, (busUrl) => benchShop(busUrl, broker === 'rabbitmq' ? 100 : undefined)),
    }),
  ),
];

/** A broker, and a server for databases; PostgreSQL is both. */
const onBoth = <T>(broker: Broker, work: (server: PostgresServer, url: string) => Promise<T>): Promise<T> => {
  const onPostgres = async (run: (server: PostgresServer) => Promise<T>): Promise<T> => {
    const server = await startPostgres();
    try {
      return await run(server);
    } finally {
      await server.stop();
    }
  };
  return broker === 'postgres'
    ? onPostgres(async (server) => work(server, await server.createDatabase('bus')))
    : onPostgres((server) => onBroker(broker, ({ url }) => work(server, url)));
};

/** Undefined is the embedded one, the PostgreSQL that every shop starts. */
const onShopBroker = <T>(broker: Broker, work: (busUrl: string | undefined) => Promise<T>): Promise<T> =>
  broker === 'postgres' ? work(undefined) : onBroker(broker, ({ url }) => work(url));
