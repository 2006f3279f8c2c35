import { busErrors, type Consumer, type PublishResult, type Transport } from '@emporium/bus';
import { type MemoryOptions, parseOptions } from './config.ts';
import { connect } from './connection.ts';
import { consumeDeadLetters } from './dead-letters.ts';
import { publish, sendTo } from './publisher.ts';
import { readQueues } from './queues.ts';
import { subscribe } from './subscriber.ts';
import { createTopology, declare } from './topology.ts';

/** A transport over queues inside this process, which end with it. */
export const createMemoryTransport = (options: MemoryOptions): Transport => {
  const broker = connect(parseOptions(options).name);
  const consumers: Consumer[] = [];
  let closing: Promise<unknown> | undefined;

  const started = (start: () => Consumer): Consumer => {
    if (closing !== undefined) throw busErrors.closed();
    const consumer = start();
    consumers.push(consumer);
    return consumer;
  };

  return {
    name: 'memory',
    publish: async (messages) =>
      messages.map((message) => (closing === undefined ? publish(broker, message) : closed)),
    sendTo: async ({ name }, message) => (closing === undefined ? sendTo(broker, name, message) : closed),
    subscribe: async (subscription, deliver, { concurrency }) =>
      started(() =>
        subscribe({
          broker,
          queue: declare(broker, subscription),
          concurrency,
          deliver: async (delivery) => deliver(delivery),
        }),
      ),
    consumeDeadLetters: async (handle) => started(() => consumeDeadLetters(broker, handle)),
    topology: (registry) => createTopology(broker, registry),
    queues: async (registry) => {
      if (closing !== undefined) throw busErrors.closed();
      return readQueues(broker, registry);
    },
    status: () => (closing === undefined ? { state: 'up' } : { state: 'away', reason: 'closed' }),
    close: async () => {
      closing ??= Promise.all(consumers.map((consumer) => consumer.stop()));
      await closing;
    },
  };
};

const closed: PublishResult = { status: 'refused', error: busErrors.closed() };
