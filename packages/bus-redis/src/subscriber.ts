import type { Consumer } from '@emporium/bus';
import type { Deliver, Limits } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { type ConsumerOptions, createConsumer } from './consumer/consumer.ts';
import { createPartitions } from './consumer/partitions.ts';
import { createQueue } from './consumer/queue.ts';
import { createSettling } from './consumer/settlement.ts';
import { declare } from './topology.ts';

export const subscribe = (
  connection: Connection,
  subscription: Subscription,
  deliver: Deliver,
  { concurrency }: Limits,
): Promise<Consumer> =>
  connection.retryWhileAway(async () => {
    // Ordered or not is decided by the broker: `topology diff` reports a difference as a conflict.
    const { ordered } = await declare(connection, subscription);
    return (ordered ? consumePartitions : consumeQueue)({
      connection,
      name: subscription.name,
      deliver: (delivery) => deliver(delivery),
      concurrency,
      declare: async () => {
        const found = await declare(connection, subscription);
        if (found.ordered !== ordered) throw new Error(kindChanged(found));
      },
    });
  });

/** A consumer of a queue cannot change over to partitions, nor back. */
const kindChanged = ({ ordered }: { readonly ordered: boolean }): string =>
  `the broker has the subscription as ${ordered ? 'ordered' : 'unordered'} now; start this service again`;

export const consumeQueue = (options: ConsumerOptions): Promise<Consumer> => {
  const { connection, name, concurrency } = options;
  return createConsumer({
    ...options,
    createSource: (wake) => {
      const source = createQueue(connection, { name, concurrency, wake });
      return { source, settling: createSettling(connection, name, source.moveDueIn) };
    },
  });
};

const consumePartitions = (options: ConsumerOptions): Promise<Consumer> =>
  createConsumer({
    ...options,
    createSource: (wake) => createPartitions(options.connection, options.name, wake),
  });
