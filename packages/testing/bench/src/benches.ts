import { type PostgresServer, startPostgres } from '@emporium/servers';
import { benchCeleryTasks, benchRegistrations } from './bridge/translations.ts';
import { benchWarehouse } from './bridge/warehouse.ts';
import { brokerKinds, onBroker } from './brokers.ts';
import { benchEvents } from './history/event-load.ts';
import { benchLiveStreams } from './history/live-streams.ts';
import { benchLongStream } from './history/long-stream.ts';
import { benchRebuild } from './history/rebuild.ts';
import { benchMemory } from './memory.ts';
import { type Broker, brokers, type Part } from './options.ts';
import { benchPipeline } from './pipeline.ts';
import { benchReplay } from './replay.ts';
import type { Figure } from './report/report.ts';
import { benchSensors } from './sensor-load.ts';
import { benchShop } from './shop/shop-load.ts';
import { openRawBullmqOnPostgres, openRawBullmqOnRedis } from './tasks/raw-bullmq.ts';
import type { TaskContender } from './tasks/task-contender.ts';
import { benchTasks } from './tasks/tasks.ts';
import { benchPipelineTelemetry } from './telemetry/pipeline-telemetry.ts';
import { benchShopTelemetry } from './telemetry/shop-telemetry.ts';
import { openRawAmqplib } from './transport/raw-amqplib.ts';
import { openRawIoredis } from './transport/raw-ioredis.ts';
import { openRawKafkajs } from './transport/raw-kafkajs.ts';
import { benchPostgresTransport, benchTransportOf } from './transport/transports.ts';

export interface Bench {
  readonly part: Part;
  readonly broker: Broker;
  readonly title: string;
  /** Servers that this machine must be able to start. */
  readonly needs: readonly Broker[];
  readonly run: () => Promise<readonly Figure[]>;
  /** In milliseconds; four minutes by default. */
  readonly maxMs?: number;
}

/** History is on PostgreSQL alone. */
const history: readonly { title: string; run: (server: PostgresServer) => Promise<readonly Figure[]> }[] = [
  { title: 'the event store against raw pg', run: benchEvents },
  { title: 'snapshots against reading all events', run: benchLongStream },
  { title: 'the events of orders as streams', run: benchLiveStreams },
  { title: 'read models built again, over a million events', run: benchRebuild },
];

/** Our transports against the client libraries that they use. */
const transports: Readonly<
  Record<Broker, { against: string; run: (url: string) => Promise<readonly Figure[]> }>
> = {
  // One message per call, like the raw side.
  rabbitmq: {
    against: 'amqplib',
    run: (url) => benchTransportOf(url, openRawAmqplib, { perCall: 1, atLeast: 0.9 }),
  },
  postgres: { against: 'pg', run: benchPostgresTransport },
  kafka: { against: 'kafkajs', run: (url) => benchTransportOf(url, openRawKafkajs, { atLeast: 0.85 }) },
  redis: {
    against: 'ioredis',
    // A round of 10,000 would take 70 ms, and a garbage collection would decide it.
    run: (url) => benchTransportOf(url, openRawIoredis, { atLeast: 0.85, messages: 40_000 }),
  },
};

/** BullMQ alone, on the servers that can have task queues. */
const rawTasks = {
  postgres: openRawBullmqOnPostgres,
  redis: openRawBullmqOnRedis,
} satisfies Partial<Record<Broker, (url: string) => Promise<TaskContender>>>;

/** The ways in for third parties. */
const bridge = {
  rabbitmq: { title: 'registrations that third parties send over RabbitMQ', run: benchRegistrations },
  redis: { title: 'tasks that third parties send with Celery over Redis', run: benchCeleryTasks },
} as const;

/** All benches. Each starts its own servers, so that they do not affect each other. */
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
  ...history.map(
    ({ title, run }): Bench => ({
      part: 'history',
      broker: 'postgres',
      title,
      needs: ['postgres'],
      run: () => onPostgres(run),
    }),
  ),
  ...(['rabbitmq', 'redis'] as const).map(
    (broker): Bench => ({
      part: 'bridge',
      broker,
      title: bridge[broker].title,
      needs: [broker, 'postgres'],
      run: () => onBoth(broker, bridge[broker].run),
    }),
  ),
  {
    part: 'bridge',
    broker: 'rabbitmq',
    title: 'confirmed orders for a warehouse over RabbitMQ',
    needs: ['rabbitmq', 'postgres'],
    run: () => onBoth('rabbitmq', benchWarehouse),
  },
  ...(['rabbitmq', 'postgres'] as const).map(
    (broker): Bench => ({
      part: 'replay',
      broker,
      title: `the replay of dead letters over ${brokerKinds[broker].title}`,
      needs: [broker, 'postgres'],
      run: () =>
        onBoth(broker, async (server, busUrl) =>
          benchReplay({ busUrl, databaseUrl: await server.createDatabase('operations') }),
        ),
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
  {
    part: 'memory',
    broker: 'postgres',
    title: 'memory of the embedded shop after the demonstration',
    needs: ['postgres'],
    run: benchMemory,
  },
  {
    part: 'telemetry',
    broker: 'postgres',
    title: 'spans and metrics: the pipeline of one process over PostgreSQL',
    needs: ['postgres'],
    run: () => onPostgres(benchPipelineTelemetry),
  },
  {
    part: 'telemetry',
    broker: 'postgres',
    title: 'spans and metrics: the whole embedded shop',
    needs: ['postgres'],
    run: benchShopTelemetry,
    maxMs: 900_000,
  },
];

const onPostgres = async <T>(run: (server: PostgresServer) => Promise<T>): Promise<T> => {
  const server = await startPostgres();
  try {
    return await run(server);
  } finally {
    await server.stop();
  }
};

/** Runs the work on a broker and a PostgreSQL for databases, which may be the same server. */
const onBoth = <T>(broker: Broker, work: (server: PostgresServer, url: string) => Promise<T>): Promise<T> =>
  broker === 'postgres'
    ? onPostgres(async (server) => work(server, await server.createDatabase('bus')))
    : onPostgres((server) => onBroker(broker, ({ url }) => work(server, url)));

/** Passes undefined for the embedded broker, the PostgreSQL that every shop starts. */
const onShopBroker = <T>(broker: Broker, work: (busUrl: string | undefined) => Promise<T>): Promise<T> =>
  broker === 'postgres' ? work(undefined) : onBroker(broker, ({ url }) => work(url));
