import { busErrors, type Consumer, type Transport } from '@emporium/bus';
import { parseOptions, type RedisOptions } from './config.ts';
import { createConnection } from './connection.ts';
import { consumeDeadLetters } from './dead-letters.ts';
import { createPublisher } from './publisher.ts';
import { subscribe } from './subscriber.ts';
import { createTopology } from './topology.ts';

/** Streams in Redis 7.0 and later, shared by any number of processes. Connects by itself, and again when it must. */
export const createRedisTransport = (options: RedisOptions): Transport => {
  const connection = createConnection(parseOptions(options));
  const publisher = createPublisher(connection);
  const consumers = new Set<Promise<Consumer>>();
  let closing: Promise<void> | undefined;

  const started = (start: () => Promise<Consumer>): Promise<Consumer> => {
    if (closing !== undefined) return Promise.reject(busErrors.closed());
    const starting = start();
    consumers.add(starting);
    const forget = () => consumers.delete(starting);
    starting.catch(forget);
    return starting.then((consumer) => ({
      ...consumer,
      stop: (options) => consumer.stop(options).finally(forget),
    }));
  };

  const close = async (): Promise<void> => {
    connection.closing();
    const stop = async (consumer: Promise<Consumer>) => (await consumer).stop();
    // A consumer that never started has nothing to stop.
    await Promise.allSettled([publisher.close(), ...[...consumers].map(stop)]);
    await connection.close();
  };

  return {
    name: 'redis',
    publish: publisher.publish,
    sendTo: publisher.sendTo,
    subscribe: (subscription, deliver, limits) =>
      started(() => subscribe(connection, subscription, deliver, limits)),
    consumeDeadLetters: (take) => started(() => consumeDeadLetters(connection, take)),
    topology: (registry) => createTopology(connection, registry),
    status: connection.status,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
};
