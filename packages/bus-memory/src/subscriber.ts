import { busErrors, type Consumer, messageOf } from '@emporium/bus';
import { type DeadLetterReason, type Delivery, delayTiers } from '@emporium/bus/transport';
import type { Broker } from './connection.ts';
import type { Entry, PartitionQueue } from './partition-queue.ts';
import type { Queue, Receiver } from './queue.ts';

interface SubscribeOptions {
  readonly broker: Broker;
  readonly queue: Queue;
  readonly concurrency: number;
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
}

/** A message of this consumer, until it is settled or requeued. */
interface OpenDelivery {
  readonly requeue: () => void;
}

export const subscribe = ({ broker, queue, concurrency, deliver }: SubscribeOptions): Consumer => {
  const open = new Set<OpenDelivery>();
  /** Those that `deliver` resolved without settling: not in progress, and requeued when the consumer has stopped. */
  const leftUnacked = new Set<OpenDelivery>();
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let stopping: Promise<void> | undefined;
  let onIdle = (): void => {};

  const isIdle = (): boolean => open.size === leftUnacked.size;

  const end = (ended: OpenDelivery): void => {
    open.delete(ended);
    leftUnacked.delete(ended);
    if (isIdle()) onIdle();
  };

  const begin = (entry: Entry, partition: PartitionQueue): void => {
    const controller = new AbortController();
    const openDelivery: OpenDelivery = {
      requeue: () => {
        end(openDelivery);
        controller.abort();
        partition.requeue(entry);
      },
    };
    open.add(openDelivery);

    let settled = false;
    const settle = async (how: () => void): Promise<void> => {
      if (settled) return;
      if (!open.has(openDelivery)) throw busErrors.closed({ delivery: `${entry.id} was requeued` });
      settled = true;
      end(openDelivery);
      how();
    };
    const retry = (delayMs: number) => settle(() => partition.retry(entry, Math.max(0, delayMs)));
    const { id, type, key, body, attempt } = entry;
    const delivery: Delivery = {
      id,
      type,
      key,
      body,
      attempt,
      signal: controller.signal,
      ack: () => settle(() => partition.done(entry)),
      retry,
      deadLetter: (reason) =>
        settle(() => {
          partition.done(entry);
          broker.deadLetters.add(deadLetterOf(entry, queue.name, reason));
        }),
    };
    const leave = (): void => {
      if (!open.has(openDelivery)) return;
      leftUnacked.add(openDelivery);
      if (isIdle()) onIdle();
    };
    // A delivery that was settled or requeued before it failed is not retried.
    deliver(delivery, entry).then(leave, () => retry(delayTiers[0]).catch(() => {}));
  };

  const receiver: Receiver = {
    capacity: () => (state === 'running' ? concurrency - open.size : 0),
    begin,
  };

  const stop = async (timeoutMs: number): Promise<void> => {
    state = 'stopped';
    if (!isIdle()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    queue.leave(receiver);
    for (const each of [...open]) each.requeue();
  };

  queue.join(receiver);
  return {
    status: () => ({ state: 'working' }),
    pause: async () => {
      if (state === 'running') state = 'paused';
    },
    resume: async () => {
      if (state === 'paused') state = 'running';
      queue.dispatch();
    },
    stop: ({ timeoutMs = 5_000 } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };
};

const deadLetterOf = (entry: Entry, subscription: string, { code, message }: DeadLetterReason): Entry => ({
  ...entry,
  attempt: 1,
  deadLetter: {
    subscription,
    reason: { code, message: messageOf(message) },
    attempts: entry.attempt,
    failedAt: new Date().toISOString(),
  },
});
