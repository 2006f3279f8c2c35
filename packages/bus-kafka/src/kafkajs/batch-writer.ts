import { busErrors, messageOf, partitionOf } from '@emporium/bus';
import { atMost } from '@emporium/bus/transport';
import { type Message, Partitioners, type Producer, type TopicMessages } from 'kafkajs';
import type { Connection } from '../connection.ts';
import { isAway } from '../health.ts';
import { withTimeout } from '../timeouts.ts';

/** Writes batches, one after the other, each acknowledged by all replicas in sync. */
export interface BatchWriter {
  /**
   * Resolves when the broker has stored all of it durably. Rejects when that is not known, with `bus.broker_away` when the broker did
   * not answer in time: then all of it may be written again.
   */
  write(batch: TopicMessages[]): Promise<void>;
  close(): Promise<void>;
}

const closeTimeoutMs = 2_000;

/**
 * kafkajs gives the sequence numbers of a batch that failed for good to the next batch. If the broker had stored the first one after
 * all, it would drop the second as a duplicate. So a producer is closed at its first failure, and the next batch gets a new one.
 */
export const createBatchWriter = (connection: Connection): BatchWriter => {
  const { config, health, log } = connection;
  let current: Promise<Producer> | undefined;

  const open = async (): Promise<Producer> => {
    const producer = connection.client().producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner,
      retry: {
        initialRetryTime: 50,
        maxRetryTime: 500,
        retries: 4 + Math.ceil(config.timeoutMs / 500),
        factor: 0.2,
        multiplier: 2,
      },
    });
    await producer.connect();
    return producer;
  };

  const drop = async (producer: Promise<Producer>): Promise<void> => {
    if (current === producer) current = undefined;
    await atMost(
      closeTimeoutMs,
      producer.then((one) => one.disconnect()),
    );
  };

  return {
    write: async (batch) => {
      current ??= open();
      const producer = current;
      const send = (opened: Producer) => opened.sendBatch({ acks: -1, topicMessages: batch });
      try {
        await withTimeout(config.timeoutMs, producer.then(send));
        health.up();
      } catch (cause) {
        void drop(producer);
        if (!isAway(cause)) throw cause;
        if (health.status().state === 'up') log.warn({}, `Kafka is away: ${messageOf(cause)}`);
        health.away(cause);
        throw busErrors.broker_away({ broker: 'kafka', cause });
      }
    },
    close: async () => {
      if (current !== undefined) await drop(current);
    },
  };
};

/** Our own topics use the partition function of all brokers, open streams the default one of Kafka clients. */
const createPartitioner = () => {
  const defaultPartitioner = Partitioners.DefaultPartitioner();
  return (args: Parameters<typeof defaultPartitioner>[0]): number => {
    const { message, partitionMetadata } = args;
    if (isOurs(message) && message.partition === undefined) {
      return partitionOf(String(message.key), partitionMetadata.length);
    }
    return defaultPartitioner(args);
  };
};

const isOurs = ({ headers }: Message): boolean => headers !== undefined;
