import type { Transport } from '@emporium/bus';
import { createTransport } from '@emporium/bus/transport';
import { type PostgresOptions, parseOptions } from './config.ts';
import { createConnection } from './connection.ts';
import { consumeDeadLetters } from './dead-letters.ts';
import { createPublisher } from './publisher.ts';
import { readQueues } from './queues.ts';
import { subscribe } from './subscriber.ts';
import { createTopology } from './topology.ts';

/** Durable queues in PostgreSQL, shared by any number of processes. Connects in the background, and reconnects. */
export const createPostgresTransport = (options: PostgresOptions): Transport => {
  const connection = createConnection(parseOptions(options));
  return createTransport({
    name: 'postgres',
    connection,
    publisher: createPublisher(connection),
    subscribe: (subscription, deliver, limits) => subscribe(connection, subscription, deliver, limits),
    consumeDeadLetters: (deliver) => consumeDeadLetters(connection, deliver),
    topology: (registry) => createTopology(connection, registry),
    queues: (registry) => readQueues(connection, registry),
  });
};
