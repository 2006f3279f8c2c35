import type { Transport } from '@emporium/bus';
import { createTransport } from '@emporium/bus/transport';
import { parseOptions, type RedisOptions } from './config.ts';
import { createConnection } from './connection.ts';
import { consumeDeadLetters } from './dead-letters.ts';
import { createPublisher } from './publisher.ts';
import { readQueues } from './queues.ts';
import { subscribe } from './subscriber.ts';
import { createTopology } from './topology.ts';

/** Streams in Redis 7.0 and later, shared by any number of processes. Connects in the background, and reconnects. */
export const createRedisTransport = (options: RedisOptions): Transport => {
  const connection = createConnection(parseOptions(options));
  return createTransport({
    name: 'redis',
    connection,
    publisher: createPublisher(connection),
    subscribe: (subscription, deliver, limits) => subscribe(connection, subscription, deliver, limits),
    consumeDeadLetters: (deliver) => consumeDeadLetters(connection, deliver),
    topology: (registry) => createTopology(connection, registry),
    queues: (registry) => readQueues(connection, registry),
  });
};
