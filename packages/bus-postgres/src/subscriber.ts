import type { Consumer, Deliver, Limits } from '@emporium/bus';
import type { Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { createConsumer } from './consumer.ts';
import { createPartitions } from './partitions.ts';
import { createQueue } from './queue.ts';
import { declare } from './topology.ts';

export const subscribe = (
  connection: Connection,
  subscription: Subscription,
  deliver: Deliver,
  { concurrency }: Limits,
): Promise<Consumer> => {
  const { session, patiently } = connection;
  return patiently(async () => {
    // Ordered or not is as the broker has it: a change of that is a conflict, which topology tells.
    const { id, ordered } = await declare(connection, subscription);
    return createConsumer({
      connection,
      subscription: { id, name: subscription.name },
      deliver: (delivery) => deliver(delivery),
      concurrency,
      createSource: (wake) => (ordered ? createPartitions(session, id, wake) : createQueue(session, id)),
    });
  });
};
