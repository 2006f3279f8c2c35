import { createPostgresTransport } from '@emporium/bus-postgres';
import { createRabbitmqTransport } from '@emporium/bus-rabbitmq';
import {
  type PostgresServer,
  type ServerKind,
  startPostgres,
  startRabbitmq,
  startRedis,
} from '@emporium/servers';
import type { Broker, Part } from './options.ts';
import { benchPipeline, type PipelineOptions } from './pipeline.ts';
import { openRawBullmqOnPostgres, openRawBullmqOnRedis } from './raw-bullmq.ts';
import type { Figure } from './report.ts';
import { benchSensors } from './sensor-load.ts';
import { benchShop } from './shop-load.ts';
import { benchTasks } from './tasks.ts';
import { benchPostgresTransport } from './transport-postgres.ts';
import { benchRabbitmqTransport } from './transport-rabbitmq.ts';

export interface Bench {
  readonly part: Part;
  readonly broker: Broker;
  readonly title: string;
  /** Servers that this machine must be able to start. */
  readonly needs: readonly ServerKind[];
  /** Why it cannot be measured here, beside what it needs. */
  readonly skip?: string | undefined;
  readonly run: () => Promise<readonly Figure[]>;
}

const streamUrl = process.env['STREAM_URL'];

/** Each starts servers of its own, so that none finds what another left. */
export const benches: readonly Bench[] = [
  {
    part: 'transport',
    broker: 'rabbitmq',
    title: 'bus-rabbitmq against raw amqplib',
    needs: ['rabbitmq'],
    run: () => onRabbitmq(benchRabbitmqTransport),
  },
  {
    part: 'transport',
    broker: 'postgres',
    title: 'bus-postgres against raw pg',
    needs: ['postgres'],
    run: () => onPostgres(async (server) => benchPostgresTransport(await server.createDatabase('bus'))),
  },
  {
    part: 'pipeline',
    broker: 'rabbitmq',
    title: 'validation, inbox, state, outbox, relay and ack over RabbitMQ',
    needs: ['rabbitmq', 'postgres'],
    run: () =>
      onPostgres((server) => onRabbitmq((url) => pipelineOn(server, createRabbitmqTransport({ url })))),
  },
  {
    part: 'pipeline',
    broker: 'postgres',
    title: 'validation, inbox, state, outbox, relay and ack over PostgreSQL',
    needs: ['postgres'],
    run: () =>
      onPostgres(async (server) =>
        pipelineOn(server, createPostgresTransport({ url: await server.createDatabase('bus') })),
      ),
  },
  {
    part: 'tasks',
    broker: 'postgres',
    title: 'tasks against raw BullMQ, on PostgreSQL',
    needs: ['postgres'],
    run: () =>
      onPostgres(async (server) => benchTasks(openRawBullmqOnPostgres, await server.createDatabase('tasks'))),
  },
  {
    part: 'tasks',
    broker: 'redis',
    title: 'tasks against raw BullMQ, on Redis',
    needs: ['redis'],
    run: () => onRedis((url) => benchTasks(openRawBullmqOnRedis, url)),
  },
  {
    part: 'sensors',
    broker: 'postgres',
    title: 'the sensor stream over PostgreSQL, end to end',
    needs: ['postgres'],
    run: () =>
      onPostgres(async (server) =>
        benchSensors({ server, streamUrl: await server.createDatabase('stream') }),
      ),
  },
  {
    part: 'sensors',
    broker: 'stream',
    title: 'the sensor stream over the broker of STREAM_URL, end to end',
    needs: ['postgres'],
    skip: streamUrl === undefined ? 'STREAM_URL is not set; for example kafka://127.0.0.1:9092' : undefined,
    run: () => onPostgres((server) => benchSensors({ server, streamUrl: streamUrl ?? '' })),
  },
  {
    part: 'shop',
    broker: 'rabbitmq',
    title: 'the whole shop over RabbitMQ',
    needs: ['rabbitmq', 'postgres'],
    run: () => onRabbitmq((busUrl) => benchShop({ busUrl, atLeast: 100 })),
  },
  {
    part: 'shop',
    broker: 'postgres',
    title: 'the whole shop, embedded',
    needs: ['postgres'],
    run: () => benchShop({}),
  },
];

const onRabbitmq = async <T>(work: (url: string) => Promise<T>): Promise<T> => {
  const server = await startRabbitmq();
  try {
    return await work(server.url);
  } finally {
    await server.stop();
  }
};

const onPostgres = async <T>(work: (server: PostgresServer) => Promise<T>): Promise<T> => {
  const server = await startPostgres();
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
};

const onRedis = async <T>(work: (url: string) => Promise<T>): Promise<T> => {
  const server = await startRedis();
  try {
    return await work(server.url);
  } finally {
    await server.stop();
  }
};

const pipelineOn = async (
  server: PostgresServer,
  transport: PipelineOptions['transport'],
): Promise<readonly Figure[]> => {
  try {
    return await benchPipeline({ transport, databaseUrl: await server.createDatabase('inventory') });
  } finally {
    await transport.close();
  }
};
