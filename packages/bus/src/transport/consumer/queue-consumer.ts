import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Consumer, ConsumerStatus, Delivery } from '../../transport.ts';
import {
  createDeliveries,
  type Deliveries,
  type Outcome,
  type ReceivedMessage,
  type Settling,
} from './deliveries.ts';

/** How a broker brings messages to one consumer. */
export interface Fetcher<Received> {
  readonly settling: Settling<Received>;
  /** Called after each settlement, unless the delivery was given up before. */
  onEnd(received: Received, outcome: Outcome): void;
  /** Joins the other instances of the subscription and starts to fetch. */
  start(): Promise<void>;
  /** Starts deliveries again after a pause. */
  resume(): void;
  /** Lets other instances have the messages that were fetched and not begun. */
  pause(): Promise<void>;
  /** Stops fetching; `close` follows. Also called after `start` rejected. */
  stop(): Promise<void>;
  /** Gives back the messages that were begun and not settled, and leaves the other instances. */
  close(unsettled: readonly Received[]): Promise<void>;
  status(): ConsumerStatus;
}

/** What a fetcher may begin now. */
export interface Slots<Received> {
  state(): 'running' | 'paused' | 'stopped';
  /** How many deliveries may begin; 0 unless the consumer is running. */
  room(): number;
  deliveries(): Deliveries<Received>;
}

interface QueueConsumerOptions<Received> {
  /** The name of the subscription. */
  readonly subscription: string;
  readonly log: Log;
  readonly concurrency: number;
  readonly deliver: (delivery: Delivery, received: Received) => Promise<void>;
  readonly createFetcher: (slots: Slots<Received>) => Fetcher<Received>;
}

/** The life cycle of a consumer whose messages are fetched from a queue. */
export const startQueueConsumer = async <Received extends ReceivedMessage>({
  subscription,
  log,
  concurrency,
  deliver,
  createFetcher,
}: QueueConsumerOptions<Received>): Promise<Consumer> => {
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let stopping: Promise<void> | undefined;

  const fetcher = createFetcher({
    state: () => state,
    room: () => (state === 'running' ? concurrency - deliveries.count() : 0),
    deliveries: () => deliveries,
  });
  const deliveries = createDeliveries<Received>({
    deliver,
    settling: fetcher.settling,
    onEnd: fetcher.onEnd,
    onFailure: ({ id }, error) =>
      log.warn({ subscription, messageId: id }, `the delivery failed: ${messageOf(error)}`),
  });

  const stop = async (timeoutMs: number): Promise<void> => {
    state = 'stopped';
    await fetcher.stop();
    await fetcher.close(await deliveries.end(timeoutMs));
  };

  try {
    await fetcher.start();
  } catch (error) {
    await stop(0);
    throw error;
  }

  return {
    status: fetcher.status,
    pause: async () => {
      if (state !== 'running') return;
      state = 'paused';
      await fetcher.pause();
    },
    resume: async () => {
      if (state === 'paused') state = 'running';
      fetcher.resume();
    },
    stop: ({ timeoutMs = 5_000 } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };
};
