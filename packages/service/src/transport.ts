import { countingTransport, type Transport } from '@emporium/bus';
import type { Registry } from '@emporium/contracts';
import type { Log } from './log.ts';

export interface TransportOptions {
  readonly url: string;
  /** The connection's name on the broker. */
  readonly service: string;
  readonly log: Log;
  /** The contracts and subscriptions of this broker: a transport may declare again what it finds missing. */
  readonly registry?: Registry;
}

type Create = (options: TransportOptions) => Promise<Transport>;

const postgres: Create = async ({ url, service, log }) =>
  (await import('@emporium/bus-postgres')).createPostgresTransport({ url, connectionName: service, log });
const rabbitmq: Create = async ({ url, service, log, registry }) =>
  (await import('@emporium/bus-rabbitmq')).createRabbitmqTransport({
    url,
    connectionName: service,
    log,
    ...(registry === undefined ? {} : { registry }),
  });
const kafka: Create = async ({ url, service, log }) =>
  (await import('@emporium/bus-kafka')).createKafkaTransport({ url, connectionName: service, log });
const redis: Create = async ({ url, service, log }) =>
  (await import('@emporium/bus-redis')).createRedisTransport({ url, connectionName: service, log });
const memory: Create = async ({ url }) =>
  (await import('@emporium/bus-memory')).createMemoryTransport({ url });

/** The transport of each URL scheme. Only the one in use is loaded. */
const transports: Readonly<Record<string, Create>> = {
  'postgres:': postgres,
  'postgresql:': postgres,
  'amqp:': rabbitmq,
  'amqps:': rabbitmq,
  'kafka:': kafka,
  'redis:': redis,
  'rediss:': redis,
  'memory:': memory,
};

/** The schemes that `BUS_URL` and `STREAM_URL` may have. */
export const transportSchemes: readonly string[] = Object.keys(transports);

/** Opens the transport for a broker's URL. It connects in the background, and keeps trying. Throws for an unknown scheme. */
export const createTransport = async (options: TransportOptions): Promise<Transport> => {
  const scheme = new URL(options.url).protocol;
  const create = transports[scheme];
  if (create === undefined)
    throw new Error(`no transport for ${scheme}; use one of ${transportSchemes.join(', ')}`);
  return countingTransport(await create(options));
};
