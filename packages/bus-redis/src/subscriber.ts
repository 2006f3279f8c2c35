import type { Consumer } from '@emporium/bus';
import type { Deliver, Delivery, Limits } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { createConsumer } from './consumer.ts';
import type { Entry } from './entry.ts';
import { createPartitions } from './partitions.ts';
import { createQueue } from './queue.ts';
import { createSettling } from './settlement.ts';
import { declare } from './topology.ts';

export const subscribe = (
  connection: Connection,
  subscription: Subscription,
  deliver: Deliver,
  { concurrency }: Limits,
): Promise<Consumer> =>
  connection.patiently(async () => {
    // Ordered or not is as the broker has it: a change of that is a conflict, which topology tells.
    const { ordered } = await declare(connection, subscription);
    return (ordered ? consumePartitions : consumeQueue)({
      connection,
      name: subscription.name,
      deliver: (delivery) => deliver(delivery),
      concurrency,
      declare: async () => {
        const found = await declare(connection, subscription);
        if (found.ordered !== ordered) throw new Error(changedKind(found));
      },
    });
  });

/** One that consumes a queue cannot go over to partitions, nor back: it is started again. */
const changedKind = ({ ordered }: { readonly ordered: boolean }): string =>
  `the broker has the subscription as ${ordered ? 'ordered' : 'unordered'} now; start this service again`;

interface Consuming {
  readonly connection: Connection;
  readonly name: string;
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
  readonly concurrency: number;
  readonly declare: () => Promise<unknown>;
}

export const consumeQueue = (consuming: Consuming): Promise<Consumer> => {
  const { connection, name, concurrency } = consuming;
  const waker = createWaker();
  const source = createQueue(connection, { name, concurrency, wake: waker.wake });
  const settling = createSettling(connection, name, source.expect);
  return createConsumer({ ...consuming, source, settling, onWake: waker.onWake });
};

const consumePartitions = (consuming: Consuming): Promise<Consumer> => {
  const { connection, name } = consuming;
  const waker = createWaker();
  const { source, settling } = createPartitions(connection, name, waker.wake);
  return createConsumer({ ...consuming, source, settling, onWake: waker.onWake });
};

/** A source is made before the consumer that it wakes. */
const createWaker = () => {
  let waken = (): void => {};
  return {
    wake: (): void => waken(),
    onWake: (wake: () => void): void => {
      waken = wake;
    },
  };
};
