import type { Consumer } from '@emporium/bus';
import type { Deliver, Limits } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { createConsumer } from './consumer/consumer.ts';
import { createPartitions } from './consumer/partitions.ts';
import { createQueue } from './consumer/queue.ts';
import { createReplaceable, type Replaceable } from './replaceable.ts';
import { declare } from './topology.ts';

export const subscribe = (
  connection: Connection,
  subscription: Subscription,
  deliver: Deliver,
  { concurrency }: Limits,
): Promise<Consumer> => {
  const { session, retryWhileAway, log } = connection;
  const { name } = subscription;

  const start = async (replaceable: Replaceable): Promise<Consumer> => {
    // Ordered or not is decided by the broker: `topology diff` reports a difference as a conflict.
    const { id, ordered } = await declare(connection, subscription);
    const declared = { id, name };
    return createConsumer({
      connection,
      subscription: declared,
      deliver: (delivery) => deliver(delivery),
      concurrency,
      createSource: (wake) =>
        ordered ? createPartitions(session, declared, wake) : createQueue(session, declared),
      onGone: async () => {
        const found = await declare(connection, subscription);
        if (found.id === id && found.ordered === ordered) return;
        log.warn({ subscription: name }, 'the broker was reset: the subscription is declared again');
        replaceable.replace();
      },
    });
  };

  return retryWhileAway(() => createReplaceable(start));
};
