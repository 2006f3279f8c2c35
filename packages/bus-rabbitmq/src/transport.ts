import { busErrors, type Consumer, type PublishResult, type Transport } from '@emporium/bus';
import { answerWithin, queuesTimeoutMs, type TransportStatus } from '@emporium/bus/transport';
import { parseOptions, type RabbitmqOptions } from './config.ts';
import { type Connection, openConnection } from './connection/connection.ts';
import { startDeadLetterConsumer } from './consumer/dead-letters.ts';
import { startSubscriber } from './consumer/subscriber.ts';
import { exchangeOf, queueFor, retryExchange, routingKeyOf } from './names.ts';
import { createPublisher } from './publisher.ts';
import { readQueues } from './queues.ts';
import { createExchanges } from './topology/exchanges.ts';
import { createKnown } from './topology/known.ts';
import { layoutOf } from './topology/layout.ts';
import { createTopology } from './topology/topology.ts';

/**
 * The transport on RabbitMQ 3.10 and later. Connects in the background and reconnects by itself: publishes and
 * subscriptions wait for the broker up to `timeoutMs`. Throws only when the url is not valid.
 */
export const createRabbitmqTransport = (options: RabbitmqOptions): Transport => {
  const config = parseOptions(options);
  const publishing = openConnection(config, 'publish');
  const known = createKnown(config.registry);
  const exchanges = createExchanges(config, known);
  const publisher = createPublisher(config, publishing, exchanges);
  const consumers = new Set<Consumer>();
  // Its own connection: the broker stops reading from one that publishes while it is short of memory or disk, and acks
  // must still get through. Opened by the first consumer.
  let consuming: Connection | undefined;
  let closing: Promise<void> | undefined;

  const forConsumers = (): Connection => {
    if (closing !== undefined) throw busErrors.closed();
    consuming ??= openConnection(config, 'consume');
    return consuming;
  };

  const remember = (consumer: Consumer): Consumer => {
    consumers.add(consumer);
    return {
      ...consumer,
      stop: async (options) => {
        await consumer.stop(options);
        consumers.delete(consumer);
      },
    };
  };

  const status = (): TransportStatus => {
    if (closing !== undefined) return { state: 'away', reason: 'closed' };
    for (const connection of [publishing, consuming]) {
      if (connection !== undefined && connection.current() === undefined) {
        return { state: 'away', reason: connection.reason() };
      }
    }
    const blocked = publishing.blocked();
    return blocked === undefined ? { state: 'up' } : { state: 'blocked', reason: blocked };
  };

  const close = async (): Promise<void> => {
    await Promise.all([...consumers].map((consumer) => consumer.stop()));
    await publisher.close();
    await Promise.all([publishing.close(), consuming?.close()]);
  };

  return {
    name: 'rabbitmq',
    publish: (messages) => {
      if (closing !== undefined) return Promise.resolve(messages.map(() => closed));
      return publisher.publish(
        messages.map((message) => {
          const exchange = exchangeOf(message);
          const routingKey = routingKeyOf(message);
          // Who publishes an event owns it; a command's exchange is for its handler to declare.
          return message.kind === 'command'
            ? { message, exchange, routingKey, mandatory: true }
            : {
                message,
                exchange,
                routingKey,
                mandatory: message.mandatory === true,
                declare: { name: exchange, type: 'topic' },
              };
        }),
      );
    },
    sendTo: async (subscription, message) => {
      if (closing !== undefined) return closed;
      const exchange = retryExchange(subscription.service);
      const routingKey = queueFor(subscription, message.key);
      const [result = closed] = await publisher.publish([{ message, exchange, routingKey, mandatory: true }]);
      return result;
    },
    subscribe: async (subscription, deliver, limits) =>
      remember(
        await startSubscriber({
          config,
          connection: forConsumers(),
          publisher,
          exchanges,
          known,
          subscription,
          deliver,
          limits,
        }),
      ),
    consumeDeadLetters: async (deliver) =>
      remember(await startDeadLetterConsumer({ config, connection: forConsumers(), exchanges }, deliver)),
    topology: (registry) => {
      known.add(layoutOf(registry));
      return createTopology(config, registry);
    },
    queues: async (registry) => {
      if (closing !== undefined) throw busErrors.closed();
      return answerWithin(queuesTimeoutMs, 'rabbitmq', readQueues(config, publishing, registry));
    },
    status,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
};

const closed: PublishResult = { status: 'refused', error: busErrors.closed() };
