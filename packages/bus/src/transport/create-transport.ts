import { busErrors } from '../errors.ts';
import { type Consumer, queuesTimeoutMs, type Transport, type TransportStatus } from '../transport.ts';
import { answerWithin } from './connection/answer-within.ts';

/** What a broker's adapter provides. `createTransport` adds the life cycle. */
export interface TransportParts
  extends Pick<Transport, 'name' | 'subscribe' | 'consumeDeadLetters' | 'topology' | 'queues'> {
  readonly connection: {
    status(): TransportStatus;
    /** From now on nothing waits for a broker that is away. */
    closing(): void;
    close(): Promise<void>;
  };
  readonly publisher: Pick<Transport, 'publish' | 'sendTo'> & {
    /** Refuses new messages, and resolves when those in flight have a result. */
    close(): Promise<void>;
  };
}

/** Stops its consumers before it disconnects, and starts none once it is closing. */
export const createTransport = (parts: TransportParts): Transport => {
  const { name, connection, publisher, subscribe, consumeDeadLetters, topology, queues } = parts;
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
    // A consumer that failed to start has nothing to stop.
    await Promise.allSettled([publisher.close(), ...[...consumers].map(stop)]);
    await connection.close();
  };

  return {
    name,
    publish: publisher.publish,
    sendTo: publisher.sendTo,
    subscribe: (...args) => started(() => subscribe(...args)),
    consumeDeadLetters: (deliver) => started(() => consumeDeadLetters(deliver)),
    topology,
    queues: async (registry) => {
      if (closing !== undefined) throw busErrors.closed();
      return answerWithin(queuesTimeoutMs, name, queues(registry));
    },
    status: connection.status,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
};
